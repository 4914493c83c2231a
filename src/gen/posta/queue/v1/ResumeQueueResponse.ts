// Original file: proto/posta/queue/v1/queue_service.proto


export interface ResumeQueueResponse {
}

export interface ResumeQueueResponse__Output {
}
