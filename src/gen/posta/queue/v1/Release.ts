// Original file: proto/posta/queue/v1/report.proto


export interface Release {
}

export interface Release__Output {
}
