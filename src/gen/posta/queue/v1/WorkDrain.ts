// Original file: proto/posta/queue/v1/work_session.proto


export interface WorkDrain {
}

export interface WorkDrain__Output {
}
