// Original file: proto/posta/queue/v1/worker_service.proto


export interface Release {
}

export interface Release__Output {
}
