// Original file: proto/posta/queue/v1/queue_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AddJobRequest as _posta_queue_v1_AddJobRequest, AddJobRequest__Output as _posta_queue_v1_AddJobRequest__Output } from '../../../posta/queue/v1/AddJobRequest.js';
import type { AddJobResponse as _posta_queue_v1_AddJobResponse, AddJobResponse__Output as _posta_queue_v1_AddJobResponse__Output } from '../../../posta/queue/v1/AddJobResponse.js';
import type { AddJobsRequest as _posta_queue_v1_AddJobsRequest, AddJobsRequest__Output as _posta_queue_v1_AddJobsRequest__Output } from '../../../posta/queue/v1/AddJobsRequest.js';
import type { AddJobsResponse as _posta_queue_v1_AddJobsResponse, AddJobsResponse__Output as _posta_queue_v1_AddJobsResponse__Output } from '../../../posta/queue/v1/AddJobsResponse.js';
import type { CleanQueueRequest as _posta_queue_v1_CleanQueueRequest, CleanQueueRequest__Output as _posta_queue_v1_CleanQueueRequest__Output } from '../../../posta/queue/v1/CleanQueueRequest.js';
import type { CleanQueueResponse as _posta_queue_v1_CleanQueueResponse, CleanQueueResponse__Output as _posta_queue_v1_CleanQueueResponse__Output } from '../../../posta/queue/v1/CleanQueueResponse.js';
import type { DrainQueueRequest as _posta_queue_v1_DrainQueueRequest, DrainQueueRequest__Output as _posta_queue_v1_DrainQueueRequest__Output } from '../../../posta/queue/v1/DrainQueueRequest.js';
import type { DrainQueueResponse as _posta_queue_v1_DrainQueueResponse, DrainQueueResponse__Output as _posta_queue_v1_DrainQueueResponse__Output } from '../../../posta/queue/v1/DrainQueueResponse.js';
import type { GetJobRequest as _posta_queue_v1_GetJobRequest, GetJobRequest__Output as _posta_queue_v1_GetJobRequest__Output } from '../../../posta/queue/v1/GetJobRequest.js';
import type { GetJobResponse as _posta_queue_v1_GetJobResponse, GetJobResponse__Output as _posta_queue_v1_GetJobResponse__Output } from '../../../posta/queue/v1/GetJobResponse.js';
import type { GetQueueRequest as _posta_queue_v1_GetQueueRequest, GetQueueRequest__Output as _posta_queue_v1_GetQueueRequest__Output } from '../../../posta/queue/v1/GetQueueRequest.js';
import type { GetQueueResponse as _posta_queue_v1_GetQueueResponse, GetQueueResponse__Output as _posta_queue_v1_GetQueueResponse__Output } from '../../../posta/queue/v1/GetQueueResponse.js';
import type { ListJobLogsRequest as _posta_queue_v1_ListJobLogsRequest, ListJobLogsRequest__Output as _posta_queue_v1_ListJobLogsRequest__Output } from '../../../posta/queue/v1/ListJobLogsRequest.js';
import type { ListJobLogsResponse as _posta_queue_v1_ListJobLogsResponse, ListJobLogsResponse__Output as _posta_queue_v1_ListJobLogsResponse__Output } from '../../../posta/queue/v1/ListJobLogsResponse.js';
import type { ListJobsRequest as _posta_queue_v1_ListJobsRequest, ListJobsRequest__Output as _posta_queue_v1_ListJobsRequest__Output } from '../../../posta/queue/v1/ListJobsRequest.js';
import type { ListJobsResponse as _posta_queue_v1_ListJobsResponse, ListJobsResponse__Output as _posta_queue_v1_ListJobsResponse__Output } from '../../../posta/queue/v1/ListJobsResponse.js';
import type { ListQueuesRequest as _posta_queue_v1_ListQueuesRequest, ListQueuesRequest__Output as _posta_queue_v1_ListQueuesRequest__Output } from '../../../posta/queue/v1/ListQueuesRequest.js';
import type { ListQueuesResponse as _posta_queue_v1_ListQueuesResponse, ListQueuesResponse__Output as _posta_queue_v1_ListQueuesResponse__Output } from '../../../posta/queue/v1/ListQueuesResponse.js';
import type { ObliterateQueueRequest as _posta_queue_v1_ObliterateQueueRequest, ObliterateQueueRequest__Output as _posta_queue_v1_ObliterateQueueRequest__Output } from '../../../posta/queue/v1/ObliterateQueueRequest.js';
import type { ObliterateQueueResponse as _posta_queue_v1_ObliterateQueueResponse, ObliterateQueueResponse__Output as _posta_queue_v1_ObliterateQueueResponse__Output } from '../../../posta/queue/v1/ObliterateQueueResponse.js';
import type { PauseQueueRequest as _posta_queue_v1_PauseQueueRequest, PauseQueueRequest__Output as _posta_queue_v1_PauseQueueRequest__Output } from '../../../posta/queue/v1/PauseQueueRequest.js';
import type { PauseQueueResponse as _posta_queue_v1_PauseQueueResponse, PauseQueueResponse__Output as _posta_queue_v1_PauseQueueResponse__Output } from '../../../posta/queue/v1/PauseQueueResponse.js';
import type { PromoteJobRequest as _posta_queue_v1_PromoteJobRequest, PromoteJobRequest__Output as _posta_queue_v1_PromoteJobRequest__Output } from '../../../posta/queue/v1/PromoteJobRequest.js';
import type { PromoteJobResponse as _posta_queue_v1_PromoteJobResponse, PromoteJobResponse__Output as _posta_queue_v1_PromoteJobResponse__Output } from '../../../posta/queue/v1/PromoteJobResponse.js';
import type { RemoveJobRequest as _posta_queue_v1_RemoveJobRequest, RemoveJobRequest__Output as _posta_queue_v1_RemoveJobRequest__Output } from '../../../posta/queue/v1/RemoveJobRequest.js';
import type { RemoveJobResponse as _posta_queue_v1_RemoveJobResponse, RemoveJobResponse__Output as _posta_queue_v1_RemoveJobResponse__Output } from '../../../posta/queue/v1/RemoveJobResponse.js';
import type { ResumeQueueRequest as _posta_queue_v1_ResumeQueueRequest, ResumeQueueRequest__Output as _posta_queue_v1_ResumeQueueRequest__Output } from '../../../posta/queue/v1/ResumeQueueRequest.js';
import type { ResumeQueueResponse as _posta_queue_v1_ResumeQueueResponse, ResumeQueueResponse__Output as _posta_queue_v1_ResumeQueueResponse__Output } from '../../../posta/queue/v1/ResumeQueueResponse.js';
import type { RetryJobRequest as _posta_queue_v1_RetryJobRequest, RetryJobRequest__Output as _posta_queue_v1_RetryJobRequest__Output } from '../../../posta/queue/v1/RetryJobRequest.js';
import type { RetryJobResponse as _posta_queue_v1_RetryJobResponse, RetryJobResponse__Output as _posta_queue_v1_RetryJobResponse__Output } from '../../../posta/queue/v1/RetryJobResponse.js';
import type { RetryJobsRequest as _posta_queue_v1_RetryJobsRequest, RetryJobsRequest__Output as _posta_queue_v1_RetryJobsRequest__Output } from '../../../posta/queue/v1/RetryJobsRequest.js';
import type { RetryJobsResponse as _posta_queue_v1_RetryJobsResponse, RetryJobsResponse__Output as _posta_queue_v1_RetryJobsResponse__Output } from '../../../posta/queue/v1/RetryJobsResponse.js';
import type { SetQueueLimitsRequest as _posta_queue_v1_SetQueueLimitsRequest, SetQueueLimitsRequest__Output as _posta_queue_v1_SetQueueLimitsRequest__Output } from '../../../posta/queue/v1/SetQueueLimitsRequest.js';
import type { SetQueueLimitsResponse as _posta_queue_v1_SetQueueLimitsResponse, SetQueueLimitsResponse__Output as _posta_queue_v1_SetQueueLimitsResponse__Output } from '../../../posta/queue/v1/SetQueueLimitsResponse.js';
import type { StreamAddJobsRequest as _posta_queue_v1_StreamAddJobsRequest, StreamAddJobsRequest__Output as _posta_queue_v1_StreamAddJobsRequest__Output } from '../../../posta/queue/v1/StreamAddJobsRequest.js';
import type { StreamAddJobsResponse as _posta_queue_v1_StreamAddJobsResponse, StreamAddJobsResponse__Output as _posta_queue_v1_StreamAddJobsResponse__Output } from '../../../posta/queue/v1/StreamAddJobsResponse.js';
import type { UpdateJobRequest as _posta_queue_v1_UpdateJobRequest, UpdateJobRequest__Output as _posta_queue_v1_UpdateJobRequest__Output } from '../../../posta/queue/v1/UpdateJobRequest.js';
import type { UpdateJobResponse as _posta_queue_v1_UpdateJobResponse, UpdateJobResponse__Output as _posta_queue_v1_UpdateJobResponse__Output } from '../../../posta/queue/v1/UpdateJobResponse.js';

export interface QueueServiceClient extends grpc.Client {
  AddJob(argument: _posta_queue_v1_AddJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_AddJobResponse__Output>): grpc.ClientUnaryCall;
  AddJob(argument: _posta_queue_v1_AddJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_AddJobResponse__Output>): grpc.ClientUnaryCall;
  AddJob(argument: _posta_queue_v1_AddJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_AddJobResponse__Output>): grpc.ClientUnaryCall;
  AddJob(argument: _posta_queue_v1_AddJobRequest, callback: grpc.requestCallback<_posta_queue_v1_AddJobResponse__Output>): grpc.ClientUnaryCall;
  addJob(argument: _posta_queue_v1_AddJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_AddJobResponse__Output>): grpc.ClientUnaryCall;
  addJob(argument: _posta_queue_v1_AddJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_AddJobResponse__Output>): grpc.ClientUnaryCall;
  addJob(argument: _posta_queue_v1_AddJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_AddJobResponse__Output>): grpc.ClientUnaryCall;
  addJob(argument: _posta_queue_v1_AddJobRequest, callback: grpc.requestCallback<_posta_queue_v1_AddJobResponse__Output>): grpc.ClientUnaryCall;
  
  AddJobs(argument: _posta_queue_v1_AddJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_AddJobsResponse__Output>): grpc.ClientUnaryCall;
  AddJobs(argument: _posta_queue_v1_AddJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_AddJobsResponse__Output>): grpc.ClientUnaryCall;
  AddJobs(argument: _posta_queue_v1_AddJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_AddJobsResponse__Output>): grpc.ClientUnaryCall;
  AddJobs(argument: _posta_queue_v1_AddJobsRequest, callback: grpc.requestCallback<_posta_queue_v1_AddJobsResponse__Output>): grpc.ClientUnaryCall;
  addJobs(argument: _posta_queue_v1_AddJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_AddJobsResponse__Output>): grpc.ClientUnaryCall;
  addJobs(argument: _posta_queue_v1_AddJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_AddJobsResponse__Output>): grpc.ClientUnaryCall;
  addJobs(argument: _posta_queue_v1_AddJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_AddJobsResponse__Output>): grpc.ClientUnaryCall;
  addJobs(argument: _posta_queue_v1_AddJobsRequest, callback: grpc.requestCallback<_posta_queue_v1_AddJobsResponse__Output>): grpc.ClientUnaryCall;
  
  CleanQueue(argument: _posta_queue_v1_CleanQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_CleanQueueResponse__Output>): grpc.ClientUnaryCall;
  CleanQueue(argument: _posta_queue_v1_CleanQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_CleanQueueResponse__Output>): grpc.ClientUnaryCall;
  CleanQueue(argument: _posta_queue_v1_CleanQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_CleanQueueResponse__Output>): grpc.ClientUnaryCall;
  CleanQueue(argument: _posta_queue_v1_CleanQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_CleanQueueResponse__Output>): grpc.ClientUnaryCall;
  cleanQueue(argument: _posta_queue_v1_CleanQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_CleanQueueResponse__Output>): grpc.ClientUnaryCall;
  cleanQueue(argument: _posta_queue_v1_CleanQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_CleanQueueResponse__Output>): grpc.ClientUnaryCall;
  cleanQueue(argument: _posta_queue_v1_CleanQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_CleanQueueResponse__Output>): grpc.ClientUnaryCall;
  cleanQueue(argument: _posta_queue_v1_CleanQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_CleanQueueResponse__Output>): grpc.ClientUnaryCall;
  
  DrainQueue(argument: _posta_queue_v1_DrainQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_DrainQueueResponse__Output>): grpc.ClientUnaryCall;
  DrainQueue(argument: _posta_queue_v1_DrainQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_DrainQueueResponse__Output>): grpc.ClientUnaryCall;
  DrainQueue(argument: _posta_queue_v1_DrainQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_DrainQueueResponse__Output>): grpc.ClientUnaryCall;
  DrainQueue(argument: _posta_queue_v1_DrainQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_DrainQueueResponse__Output>): grpc.ClientUnaryCall;
  drainQueue(argument: _posta_queue_v1_DrainQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_DrainQueueResponse__Output>): grpc.ClientUnaryCall;
  drainQueue(argument: _posta_queue_v1_DrainQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_DrainQueueResponse__Output>): grpc.ClientUnaryCall;
  drainQueue(argument: _posta_queue_v1_DrainQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_DrainQueueResponse__Output>): grpc.ClientUnaryCall;
  drainQueue(argument: _posta_queue_v1_DrainQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_DrainQueueResponse__Output>): grpc.ClientUnaryCall;
  
  GetJob(argument: _posta_queue_v1_GetJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_GetJobResponse__Output>): grpc.ClientUnaryCall;
  GetJob(argument: _posta_queue_v1_GetJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_GetJobResponse__Output>): grpc.ClientUnaryCall;
  GetJob(argument: _posta_queue_v1_GetJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_GetJobResponse__Output>): grpc.ClientUnaryCall;
  GetJob(argument: _posta_queue_v1_GetJobRequest, callback: grpc.requestCallback<_posta_queue_v1_GetJobResponse__Output>): grpc.ClientUnaryCall;
  getJob(argument: _posta_queue_v1_GetJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_GetJobResponse__Output>): grpc.ClientUnaryCall;
  getJob(argument: _posta_queue_v1_GetJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_GetJobResponse__Output>): grpc.ClientUnaryCall;
  getJob(argument: _posta_queue_v1_GetJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_GetJobResponse__Output>): grpc.ClientUnaryCall;
  getJob(argument: _posta_queue_v1_GetJobRequest, callback: grpc.requestCallback<_posta_queue_v1_GetJobResponse__Output>): grpc.ClientUnaryCall;
  
  GetQueue(argument: _posta_queue_v1_GetQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_GetQueueResponse__Output>): grpc.ClientUnaryCall;
  GetQueue(argument: _posta_queue_v1_GetQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_GetQueueResponse__Output>): grpc.ClientUnaryCall;
  GetQueue(argument: _posta_queue_v1_GetQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_GetQueueResponse__Output>): grpc.ClientUnaryCall;
  GetQueue(argument: _posta_queue_v1_GetQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_GetQueueResponse__Output>): grpc.ClientUnaryCall;
  getQueue(argument: _posta_queue_v1_GetQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_GetQueueResponse__Output>): grpc.ClientUnaryCall;
  getQueue(argument: _posta_queue_v1_GetQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_GetQueueResponse__Output>): grpc.ClientUnaryCall;
  getQueue(argument: _posta_queue_v1_GetQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_GetQueueResponse__Output>): grpc.ClientUnaryCall;
  getQueue(argument: _posta_queue_v1_GetQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_GetQueueResponse__Output>): grpc.ClientUnaryCall;
  
  ListJobLogs(argument: _posta_queue_v1_ListJobLogsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListJobLogsResponse__Output>): grpc.ClientUnaryCall;
  ListJobLogs(argument: _posta_queue_v1_ListJobLogsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ListJobLogsResponse__Output>): grpc.ClientUnaryCall;
  ListJobLogs(argument: _posta_queue_v1_ListJobLogsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListJobLogsResponse__Output>): grpc.ClientUnaryCall;
  ListJobLogs(argument: _posta_queue_v1_ListJobLogsRequest, callback: grpc.requestCallback<_posta_queue_v1_ListJobLogsResponse__Output>): grpc.ClientUnaryCall;
  listJobLogs(argument: _posta_queue_v1_ListJobLogsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListJobLogsResponse__Output>): grpc.ClientUnaryCall;
  listJobLogs(argument: _posta_queue_v1_ListJobLogsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ListJobLogsResponse__Output>): grpc.ClientUnaryCall;
  listJobLogs(argument: _posta_queue_v1_ListJobLogsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListJobLogsResponse__Output>): grpc.ClientUnaryCall;
  listJobLogs(argument: _posta_queue_v1_ListJobLogsRequest, callback: grpc.requestCallback<_posta_queue_v1_ListJobLogsResponse__Output>): grpc.ClientUnaryCall;
  
  ListJobs(argument: _posta_queue_v1_ListJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  ListJobs(argument: _posta_queue_v1_ListJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  ListJobs(argument: _posta_queue_v1_ListJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  ListJobs(argument: _posta_queue_v1_ListJobsRequest, callback: grpc.requestCallback<_posta_queue_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _posta_queue_v1_ListJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _posta_queue_v1_ListJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _posta_queue_v1_ListJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  listJobs(argument: _posta_queue_v1_ListJobsRequest, callback: grpc.requestCallback<_posta_queue_v1_ListJobsResponse__Output>): grpc.ClientUnaryCall;
  
  ListQueues(argument: _posta_queue_v1_ListQueuesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListQueuesResponse__Output>): grpc.ClientUnaryCall;
  ListQueues(argument: _posta_queue_v1_ListQueuesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ListQueuesResponse__Output>): grpc.ClientUnaryCall;
  ListQueues(argument: _posta_queue_v1_ListQueuesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListQueuesResponse__Output>): grpc.ClientUnaryCall;
  ListQueues(argument: _posta_queue_v1_ListQueuesRequest, callback: grpc.requestCallback<_posta_queue_v1_ListQueuesResponse__Output>): grpc.ClientUnaryCall;
  listQueues(argument: _posta_queue_v1_ListQueuesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListQueuesResponse__Output>): grpc.ClientUnaryCall;
  listQueues(argument: _posta_queue_v1_ListQueuesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ListQueuesResponse__Output>): grpc.ClientUnaryCall;
  listQueues(argument: _posta_queue_v1_ListQueuesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListQueuesResponse__Output>): grpc.ClientUnaryCall;
  listQueues(argument: _posta_queue_v1_ListQueuesRequest, callback: grpc.requestCallback<_posta_queue_v1_ListQueuesResponse__Output>): grpc.ClientUnaryCall;
  
  ObliterateQueue(argument: _posta_queue_v1_ObliterateQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ObliterateQueueResponse__Output>): grpc.ClientUnaryCall;
  ObliterateQueue(argument: _posta_queue_v1_ObliterateQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ObliterateQueueResponse__Output>): grpc.ClientUnaryCall;
  ObliterateQueue(argument: _posta_queue_v1_ObliterateQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ObliterateQueueResponse__Output>): grpc.ClientUnaryCall;
  ObliterateQueue(argument: _posta_queue_v1_ObliterateQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_ObliterateQueueResponse__Output>): grpc.ClientUnaryCall;
  obliterateQueue(argument: _posta_queue_v1_ObliterateQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ObliterateQueueResponse__Output>): grpc.ClientUnaryCall;
  obliterateQueue(argument: _posta_queue_v1_ObliterateQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ObliterateQueueResponse__Output>): grpc.ClientUnaryCall;
  obliterateQueue(argument: _posta_queue_v1_ObliterateQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ObliterateQueueResponse__Output>): grpc.ClientUnaryCall;
  obliterateQueue(argument: _posta_queue_v1_ObliterateQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_ObliterateQueueResponse__Output>): grpc.ClientUnaryCall;
  
  PauseQueue(argument: _posta_queue_v1_PauseQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_PauseQueueResponse__Output>): grpc.ClientUnaryCall;
  PauseQueue(argument: _posta_queue_v1_PauseQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_PauseQueueResponse__Output>): grpc.ClientUnaryCall;
  PauseQueue(argument: _posta_queue_v1_PauseQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_PauseQueueResponse__Output>): grpc.ClientUnaryCall;
  PauseQueue(argument: _posta_queue_v1_PauseQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_PauseQueueResponse__Output>): grpc.ClientUnaryCall;
  pauseQueue(argument: _posta_queue_v1_PauseQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_PauseQueueResponse__Output>): grpc.ClientUnaryCall;
  pauseQueue(argument: _posta_queue_v1_PauseQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_PauseQueueResponse__Output>): grpc.ClientUnaryCall;
  pauseQueue(argument: _posta_queue_v1_PauseQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_PauseQueueResponse__Output>): grpc.ClientUnaryCall;
  pauseQueue(argument: _posta_queue_v1_PauseQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_PauseQueueResponse__Output>): grpc.ClientUnaryCall;
  
  PromoteJob(argument: _posta_queue_v1_PromoteJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_PromoteJobResponse__Output>): grpc.ClientUnaryCall;
  PromoteJob(argument: _posta_queue_v1_PromoteJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_PromoteJobResponse__Output>): grpc.ClientUnaryCall;
  PromoteJob(argument: _posta_queue_v1_PromoteJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_PromoteJobResponse__Output>): grpc.ClientUnaryCall;
  PromoteJob(argument: _posta_queue_v1_PromoteJobRequest, callback: grpc.requestCallback<_posta_queue_v1_PromoteJobResponse__Output>): grpc.ClientUnaryCall;
  promoteJob(argument: _posta_queue_v1_PromoteJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_PromoteJobResponse__Output>): grpc.ClientUnaryCall;
  promoteJob(argument: _posta_queue_v1_PromoteJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_PromoteJobResponse__Output>): grpc.ClientUnaryCall;
  promoteJob(argument: _posta_queue_v1_PromoteJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_PromoteJobResponse__Output>): grpc.ClientUnaryCall;
  promoteJob(argument: _posta_queue_v1_PromoteJobRequest, callback: grpc.requestCallback<_posta_queue_v1_PromoteJobResponse__Output>): grpc.ClientUnaryCall;
  
  RemoveJob(argument: _posta_queue_v1_RemoveJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RemoveJobResponse__Output>): grpc.ClientUnaryCall;
  RemoveJob(argument: _posta_queue_v1_RemoveJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_RemoveJobResponse__Output>): grpc.ClientUnaryCall;
  RemoveJob(argument: _posta_queue_v1_RemoveJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RemoveJobResponse__Output>): grpc.ClientUnaryCall;
  RemoveJob(argument: _posta_queue_v1_RemoveJobRequest, callback: grpc.requestCallback<_posta_queue_v1_RemoveJobResponse__Output>): grpc.ClientUnaryCall;
  removeJob(argument: _posta_queue_v1_RemoveJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RemoveJobResponse__Output>): grpc.ClientUnaryCall;
  removeJob(argument: _posta_queue_v1_RemoveJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_RemoveJobResponse__Output>): grpc.ClientUnaryCall;
  removeJob(argument: _posta_queue_v1_RemoveJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RemoveJobResponse__Output>): grpc.ClientUnaryCall;
  removeJob(argument: _posta_queue_v1_RemoveJobRequest, callback: grpc.requestCallback<_posta_queue_v1_RemoveJobResponse__Output>): grpc.ClientUnaryCall;
  
  ResumeQueue(argument: _posta_queue_v1_ResumeQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ResumeQueueResponse__Output>): grpc.ClientUnaryCall;
  ResumeQueue(argument: _posta_queue_v1_ResumeQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ResumeQueueResponse__Output>): grpc.ClientUnaryCall;
  ResumeQueue(argument: _posta_queue_v1_ResumeQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ResumeQueueResponse__Output>): grpc.ClientUnaryCall;
  ResumeQueue(argument: _posta_queue_v1_ResumeQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_ResumeQueueResponse__Output>): grpc.ClientUnaryCall;
  resumeQueue(argument: _posta_queue_v1_ResumeQueueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ResumeQueueResponse__Output>): grpc.ClientUnaryCall;
  resumeQueue(argument: _posta_queue_v1_ResumeQueueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ResumeQueueResponse__Output>): grpc.ClientUnaryCall;
  resumeQueue(argument: _posta_queue_v1_ResumeQueueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ResumeQueueResponse__Output>): grpc.ClientUnaryCall;
  resumeQueue(argument: _posta_queue_v1_ResumeQueueRequest, callback: grpc.requestCallback<_posta_queue_v1_ResumeQueueResponse__Output>): grpc.ClientUnaryCall;
  
  RetryJob(argument: _posta_queue_v1_RetryJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RetryJobResponse__Output>): grpc.ClientUnaryCall;
  RetryJob(argument: _posta_queue_v1_RetryJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_RetryJobResponse__Output>): grpc.ClientUnaryCall;
  RetryJob(argument: _posta_queue_v1_RetryJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RetryJobResponse__Output>): grpc.ClientUnaryCall;
  RetryJob(argument: _posta_queue_v1_RetryJobRequest, callback: grpc.requestCallback<_posta_queue_v1_RetryJobResponse__Output>): grpc.ClientUnaryCall;
  retryJob(argument: _posta_queue_v1_RetryJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RetryJobResponse__Output>): grpc.ClientUnaryCall;
  retryJob(argument: _posta_queue_v1_RetryJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_RetryJobResponse__Output>): grpc.ClientUnaryCall;
  retryJob(argument: _posta_queue_v1_RetryJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RetryJobResponse__Output>): grpc.ClientUnaryCall;
  retryJob(argument: _posta_queue_v1_RetryJobRequest, callback: grpc.requestCallback<_posta_queue_v1_RetryJobResponse__Output>): grpc.ClientUnaryCall;
  
  RetryJobs(argument: _posta_queue_v1_RetryJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RetryJobsResponse__Output>): grpc.ClientUnaryCall;
  RetryJobs(argument: _posta_queue_v1_RetryJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_RetryJobsResponse__Output>): grpc.ClientUnaryCall;
  RetryJobs(argument: _posta_queue_v1_RetryJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RetryJobsResponse__Output>): grpc.ClientUnaryCall;
  RetryJobs(argument: _posta_queue_v1_RetryJobsRequest, callback: grpc.requestCallback<_posta_queue_v1_RetryJobsResponse__Output>): grpc.ClientUnaryCall;
  retryJobs(argument: _posta_queue_v1_RetryJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RetryJobsResponse__Output>): grpc.ClientUnaryCall;
  retryJobs(argument: _posta_queue_v1_RetryJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_RetryJobsResponse__Output>): grpc.ClientUnaryCall;
  retryJobs(argument: _posta_queue_v1_RetryJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_RetryJobsResponse__Output>): grpc.ClientUnaryCall;
  retryJobs(argument: _posta_queue_v1_RetryJobsRequest, callback: grpc.requestCallback<_posta_queue_v1_RetryJobsResponse__Output>): grpc.ClientUnaryCall;
  
  SetQueueLimits(argument: _posta_queue_v1_SetQueueLimitsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_SetQueueLimitsResponse__Output>): grpc.ClientUnaryCall;
  SetQueueLimits(argument: _posta_queue_v1_SetQueueLimitsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_SetQueueLimitsResponse__Output>): grpc.ClientUnaryCall;
  SetQueueLimits(argument: _posta_queue_v1_SetQueueLimitsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_SetQueueLimitsResponse__Output>): grpc.ClientUnaryCall;
  SetQueueLimits(argument: _posta_queue_v1_SetQueueLimitsRequest, callback: grpc.requestCallback<_posta_queue_v1_SetQueueLimitsResponse__Output>): grpc.ClientUnaryCall;
  setQueueLimits(argument: _posta_queue_v1_SetQueueLimitsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_SetQueueLimitsResponse__Output>): grpc.ClientUnaryCall;
  setQueueLimits(argument: _posta_queue_v1_SetQueueLimitsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_SetQueueLimitsResponse__Output>): grpc.ClientUnaryCall;
  setQueueLimits(argument: _posta_queue_v1_SetQueueLimitsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_SetQueueLimitsResponse__Output>): grpc.ClientUnaryCall;
  setQueueLimits(argument: _posta_queue_v1_SetQueueLimitsRequest, callback: grpc.requestCallback<_posta_queue_v1_SetQueueLimitsResponse__Output>): grpc.ClientUnaryCall;
  
  StreamAddJobs(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_StreamAddJobsRequest, _posta_queue_v1_StreamAddJobsResponse__Output>;
  StreamAddJobs(options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_StreamAddJobsRequest, _posta_queue_v1_StreamAddJobsResponse__Output>;
  streamAddJobs(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_StreamAddJobsRequest, _posta_queue_v1_StreamAddJobsResponse__Output>;
  streamAddJobs(options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_StreamAddJobsRequest, _posta_queue_v1_StreamAddJobsResponse__Output>;
  
  UpdateJob(argument: _posta_queue_v1_UpdateJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_UpdateJobResponse__Output>): grpc.ClientUnaryCall;
  UpdateJob(argument: _posta_queue_v1_UpdateJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_UpdateJobResponse__Output>): grpc.ClientUnaryCall;
  UpdateJob(argument: _posta_queue_v1_UpdateJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_UpdateJobResponse__Output>): grpc.ClientUnaryCall;
  UpdateJob(argument: _posta_queue_v1_UpdateJobRequest, callback: grpc.requestCallback<_posta_queue_v1_UpdateJobResponse__Output>): grpc.ClientUnaryCall;
  updateJob(argument: _posta_queue_v1_UpdateJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_UpdateJobResponse__Output>): grpc.ClientUnaryCall;
  updateJob(argument: _posta_queue_v1_UpdateJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_UpdateJobResponse__Output>): grpc.ClientUnaryCall;
  updateJob(argument: _posta_queue_v1_UpdateJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_UpdateJobResponse__Output>): grpc.ClientUnaryCall;
  updateJob(argument: _posta_queue_v1_UpdateJobRequest, callback: grpc.requestCallback<_posta_queue_v1_UpdateJobResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface QueueServiceHandlers extends grpc.UntypedServiceImplementation {
  AddJob: grpc.handleUnaryCall<_posta_queue_v1_AddJobRequest__Output, _posta_queue_v1_AddJobResponse>;
  
  AddJobs: grpc.handleUnaryCall<_posta_queue_v1_AddJobsRequest__Output, _posta_queue_v1_AddJobsResponse>;
  
  CleanQueue: grpc.handleUnaryCall<_posta_queue_v1_CleanQueueRequest__Output, _posta_queue_v1_CleanQueueResponse>;
  
  DrainQueue: grpc.handleUnaryCall<_posta_queue_v1_DrainQueueRequest__Output, _posta_queue_v1_DrainQueueResponse>;
  
  GetJob: grpc.handleUnaryCall<_posta_queue_v1_GetJobRequest__Output, _posta_queue_v1_GetJobResponse>;
  
  GetQueue: grpc.handleUnaryCall<_posta_queue_v1_GetQueueRequest__Output, _posta_queue_v1_GetQueueResponse>;
  
  ListJobLogs: grpc.handleUnaryCall<_posta_queue_v1_ListJobLogsRequest__Output, _posta_queue_v1_ListJobLogsResponse>;
  
  ListJobs: grpc.handleUnaryCall<_posta_queue_v1_ListJobsRequest__Output, _posta_queue_v1_ListJobsResponse>;
  
  ListQueues: grpc.handleUnaryCall<_posta_queue_v1_ListQueuesRequest__Output, _posta_queue_v1_ListQueuesResponse>;
  
  ObliterateQueue: grpc.handleUnaryCall<_posta_queue_v1_ObliterateQueueRequest__Output, _posta_queue_v1_ObliterateQueueResponse>;
  
  PauseQueue: grpc.handleUnaryCall<_posta_queue_v1_PauseQueueRequest__Output, _posta_queue_v1_PauseQueueResponse>;
  
  PromoteJob: grpc.handleUnaryCall<_posta_queue_v1_PromoteJobRequest__Output, _posta_queue_v1_PromoteJobResponse>;
  
  RemoveJob: grpc.handleUnaryCall<_posta_queue_v1_RemoveJobRequest__Output, _posta_queue_v1_RemoveJobResponse>;
  
  ResumeQueue: grpc.handleUnaryCall<_posta_queue_v1_ResumeQueueRequest__Output, _posta_queue_v1_ResumeQueueResponse>;
  
  RetryJob: grpc.handleUnaryCall<_posta_queue_v1_RetryJobRequest__Output, _posta_queue_v1_RetryJobResponse>;
  
  RetryJobs: grpc.handleUnaryCall<_posta_queue_v1_RetryJobsRequest__Output, _posta_queue_v1_RetryJobsResponse>;
  
  SetQueueLimits: grpc.handleUnaryCall<_posta_queue_v1_SetQueueLimitsRequest__Output, _posta_queue_v1_SetQueueLimitsResponse>;
  
  StreamAddJobs: grpc.handleBidiStreamingCall<_posta_queue_v1_StreamAddJobsRequest__Output, _posta_queue_v1_StreamAddJobsResponse>;
  
  UpdateJob: grpc.handleUnaryCall<_posta_queue_v1_UpdateJobRequest__Output, _posta_queue_v1_UpdateJobResponse>;
  
}

export interface QueueServiceDefinition extends grpc.ServiceDefinition {
  AddJob: MethodDefinition<_posta_queue_v1_AddJobRequest, _posta_queue_v1_AddJobResponse, _posta_queue_v1_AddJobRequest__Output, _posta_queue_v1_AddJobResponse__Output>
  AddJobs: MethodDefinition<_posta_queue_v1_AddJobsRequest, _posta_queue_v1_AddJobsResponse, _posta_queue_v1_AddJobsRequest__Output, _posta_queue_v1_AddJobsResponse__Output>
  CleanQueue: MethodDefinition<_posta_queue_v1_CleanQueueRequest, _posta_queue_v1_CleanQueueResponse, _posta_queue_v1_CleanQueueRequest__Output, _posta_queue_v1_CleanQueueResponse__Output>
  DrainQueue: MethodDefinition<_posta_queue_v1_DrainQueueRequest, _posta_queue_v1_DrainQueueResponse, _posta_queue_v1_DrainQueueRequest__Output, _posta_queue_v1_DrainQueueResponse__Output>
  GetJob: MethodDefinition<_posta_queue_v1_GetJobRequest, _posta_queue_v1_GetJobResponse, _posta_queue_v1_GetJobRequest__Output, _posta_queue_v1_GetJobResponse__Output>
  GetQueue: MethodDefinition<_posta_queue_v1_GetQueueRequest, _posta_queue_v1_GetQueueResponse, _posta_queue_v1_GetQueueRequest__Output, _posta_queue_v1_GetQueueResponse__Output>
  ListJobLogs: MethodDefinition<_posta_queue_v1_ListJobLogsRequest, _posta_queue_v1_ListJobLogsResponse, _posta_queue_v1_ListJobLogsRequest__Output, _posta_queue_v1_ListJobLogsResponse__Output>
  ListJobs: MethodDefinition<_posta_queue_v1_ListJobsRequest, _posta_queue_v1_ListJobsResponse, _posta_queue_v1_ListJobsRequest__Output, _posta_queue_v1_ListJobsResponse__Output>
  ListQueues: MethodDefinition<_posta_queue_v1_ListQueuesRequest, _posta_queue_v1_ListQueuesResponse, _posta_queue_v1_ListQueuesRequest__Output, _posta_queue_v1_ListQueuesResponse__Output>
  ObliterateQueue: MethodDefinition<_posta_queue_v1_ObliterateQueueRequest, _posta_queue_v1_ObliterateQueueResponse, _posta_queue_v1_ObliterateQueueRequest__Output, _posta_queue_v1_ObliterateQueueResponse__Output>
  PauseQueue: MethodDefinition<_posta_queue_v1_PauseQueueRequest, _posta_queue_v1_PauseQueueResponse, _posta_queue_v1_PauseQueueRequest__Output, _posta_queue_v1_PauseQueueResponse__Output>
  PromoteJob: MethodDefinition<_posta_queue_v1_PromoteJobRequest, _posta_queue_v1_PromoteJobResponse, _posta_queue_v1_PromoteJobRequest__Output, _posta_queue_v1_PromoteJobResponse__Output>
  RemoveJob: MethodDefinition<_posta_queue_v1_RemoveJobRequest, _posta_queue_v1_RemoveJobResponse, _posta_queue_v1_RemoveJobRequest__Output, _posta_queue_v1_RemoveJobResponse__Output>
  ResumeQueue: MethodDefinition<_posta_queue_v1_ResumeQueueRequest, _posta_queue_v1_ResumeQueueResponse, _posta_queue_v1_ResumeQueueRequest__Output, _posta_queue_v1_ResumeQueueResponse__Output>
  RetryJob: MethodDefinition<_posta_queue_v1_RetryJobRequest, _posta_queue_v1_RetryJobResponse, _posta_queue_v1_RetryJobRequest__Output, _posta_queue_v1_RetryJobResponse__Output>
  RetryJobs: MethodDefinition<_posta_queue_v1_RetryJobsRequest, _posta_queue_v1_RetryJobsResponse, _posta_queue_v1_RetryJobsRequest__Output, _posta_queue_v1_RetryJobsResponse__Output>
  SetQueueLimits: MethodDefinition<_posta_queue_v1_SetQueueLimitsRequest, _posta_queue_v1_SetQueueLimitsResponse, _posta_queue_v1_SetQueueLimitsRequest__Output, _posta_queue_v1_SetQueueLimitsResponse__Output>
  StreamAddJobs: MethodDefinition<_posta_queue_v1_StreamAddJobsRequest, _posta_queue_v1_StreamAddJobsResponse, _posta_queue_v1_StreamAddJobsRequest__Output, _posta_queue_v1_StreamAddJobsResponse__Output>
  UpdateJob: MethodDefinition<_posta_queue_v1_UpdateJobRequest, _posta_queue_v1_UpdateJobResponse, _posta_queue_v1_UpdateJobRequest__Output, _posta_queue_v1_UpdateJobResponse__Output>
}
