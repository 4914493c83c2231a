// Original file: proto/posta/queue/v1/work_session.proto


export interface WorkDrainOrder {
}

export interface WorkDrainOrder__Output {
}
