// Original file: proto/posta/queue/v1/worker.proto


export interface DrainWorkerResponse {
}

export interface DrainWorkerResponse__Output {
}
