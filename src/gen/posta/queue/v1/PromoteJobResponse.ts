// Original file: proto/posta/queue/v1/queue_service.proto


export interface PromoteJobResponse {
}

export interface PromoteJobResponse__Output {
}
