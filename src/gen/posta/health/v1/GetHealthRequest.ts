// Original file: proto/posta/health/v1/health_service.proto


export interface GetHealthRequest {
}

export interface GetHealthRequest__Output {
}
