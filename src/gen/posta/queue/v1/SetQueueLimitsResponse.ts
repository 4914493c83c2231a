// Original file: proto/posta/queue/v1/queue_service.proto


export interface SetQueueLimitsResponse {
}

export interface SetQueueLimitsResponse__Output {
}
