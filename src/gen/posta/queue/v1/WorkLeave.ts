// Original file: proto/posta/queue/v1/worker_service.proto


export interface WorkLeave {
}

export interface WorkLeave__Output {
}
