// Original file: proto/posta/queue/v1/queue_service.proto


export interface RetryJobsResponse {
}

export interface RetryJobsResponse__Output {
}
