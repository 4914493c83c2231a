// Original file: proto/posta/queue/v1/worker_service.proto


export interface CancelJobResponse {
}

export interface CancelJobResponse__Output {
}
