// Original file: proto/posta/queue/v1/worker_service.proto


export interface WorkDrain {
}

export interface WorkDrain__Output {
}
