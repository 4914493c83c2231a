// Original file: proto/posta/queue/v1/work_session.proto


export interface WorkLeave {
}

export interface WorkLeave__Output {
}
