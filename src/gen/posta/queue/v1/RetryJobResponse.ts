// Original file: proto/posta/queue/v1/queue_service.proto


export interface RetryJobResponse {
}

export interface RetryJobResponse__Output {
}
