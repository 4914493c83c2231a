// Original file: proto/posta/queue/v1/queue_service.proto


export interface UpdateJobResponse {
}

export interface UpdateJobResponse__Output {
}
