// Original file: proto/posta/queue/v1/worker.proto


export interface CancelJobResponse {
}

export interface CancelJobResponse__Output {
}
