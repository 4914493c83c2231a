// Original file: proto/posta/queue/v1/worker_service.proto


export interface WorkDrainOrder {
}

export interface WorkDrainOrder__Output {
}
