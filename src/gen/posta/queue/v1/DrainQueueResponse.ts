// Original file: proto/posta/queue/v1/queue_service.proto


export interface DrainQueueResponse {
}

export interface DrainQueueResponse__Output {
}
