// Original file: proto/posta/queue/v1/queue_service.proto


export interface RemoveJobResponse {
}

export interface RemoveJobResponse__Output {
}
