// Original file: proto/posta/queue/v1/worker_service.proto


export interface DrainWorkerResponse {
}

export interface DrainWorkerResponse__Output {
}
