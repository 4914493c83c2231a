// Original file: proto/posta/queue/v1/worker_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CancelJobRequest as _posta_queue_v1_CancelJobRequest, CancelJobRequest__Output as _posta_queue_v1_CancelJobRequest__Output } from '../../../posta/queue/v1/CancelJobRequest.js';
import type { CancelJobResponse as _posta_queue_v1_CancelJobResponse, CancelJobResponse__Output as _posta_queue_v1_CancelJobResponse__Output } from '../../../posta/queue/v1/CancelJobResponse.js';
import type { DrainWorkerRequest as _posta_queue_v1_DrainWorkerRequest, DrainWorkerRequest__Output as _posta_queue_v1_DrainWorkerRequest__Output } from '../../../posta/queue/v1/DrainWorkerRequest.js';
import type { DrainWorkerResponse as _posta_queue_v1_DrainWorkerResponse, DrainWorkerResponse__Output as _posta_queue_v1_DrainWorkerResponse__Output } from '../../../posta/queue/v1/DrainWorkerResponse.js';
import type { ExtendLeasesRequest as _posta_queue_v1_ExtendLeasesRequest, ExtendLeasesRequest__Output as _posta_queue_v1_ExtendLeasesRequest__Output } from '../../../posta/queue/v1/ExtendLeasesRequest.js';
import type { ExtendLeasesResponse as _posta_queue_v1_ExtendLeasesResponse, ExtendLeasesResponse__Output as _posta_queue_v1_ExtendLeasesResponse__Output } from '../../../posta/queue/v1/ExtendLeasesResponse.js';
import type { LeaseJobsRequest as _posta_queue_v1_LeaseJobsRequest, LeaseJobsRequest__Output as _posta_queue_v1_LeaseJobsRequest__Output } from '../../../posta/queue/v1/LeaseJobsRequest.js';
import type { LeaseJobsResponse as _posta_queue_v1_LeaseJobsResponse, LeaseJobsResponse__Output as _posta_queue_v1_LeaseJobsResponse__Output } from '../../../posta/queue/v1/LeaseJobsResponse.js';
import type { ListWorkersRequest as _posta_queue_v1_ListWorkersRequest, ListWorkersRequest__Output as _posta_queue_v1_ListWorkersRequest__Output } from '../../../posta/queue/v1/ListWorkersRequest.js';
import type { ListWorkersResponse as _posta_queue_v1_ListWorkersResponse, ListWorkersResponse__Output as _posta_queue_v1_ListWorkersResponse__Output } from '../../../posta/queue/v1/ListWorkersResponse.js';
import type { ReportOutcomesRequest as _posta_queue_v1_ReportOutcomesRequest, ReportOutcomesRequest__Output as _posta_queue_v1_ReportOutcomesRequest__Output } from '../../../posta/queue/v1/ReportOutcomesRequest.js';
import type { ReportOutcomesResponse as _posta_queue_v1_ReportOutcomesResponse, ReportOutcomesResponse__Output as _posta_queue_v1_ReportOutcomesResponse__Output } from '../../../posta/queue/v1/ReportOutcomesResponse.js';
import type { UpdateLeasedJobsRequest as _posta_queue_v1_UpdateLeasedJobsRequest, UpdateLeasedJobsRequest__Output as _posta_queue_v1_UpdateLeasedJobsRequest__Output } from '../../../posta/queue/v1/UpdateLeasedJobsRequest.js';
import type { UpdateLeasedJobsResponse as _posta_queue_v1_UpdateLeasedJobsResponse, UpdateLeasedJobsResponse__Output as _posta_queue_v1_UpdateLeasedJobsResponse__Output } from '../../../posta/queue/v1/UpdateLeasedJobsResponse.js';
import type { WorkRequest as _posta_queue_v1_WorkRequest, WorkRequest__Output as _posta_queue_v1_WorkRequest__Output } from '../../../posta/queue/v1/WorkRequest.js';
import type { WorkResponse as _posta_queue_v1_WorkResponse, WorkResponse__Output as _posta_queue_v1_WorkResponse__Output } from '../../../posta/queue/v1/WorkResponse.js';

export interface WorkerServiceClient extends grpc.Client {
  CancelJob(argument: _posta_queue_v1_CancelJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_CancelJobResponse__Output>): grpc.ClientUnaryCall;
  CancelJob(argument: _posta_queue_v1_CancelJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_CancelJobResponse__Output>): grpc.ClientUnaryCall;
  CancelJob(argument: _posta_queue_v1_CancelJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_CancelJobResponse__Output>): grpc.ClientUnaryCall;
  CancelJob(argument: _posta_queue_v1_CancelJobRequest, callback: grpc.requestCallback<_posta_queue_v1_CancelJobResponse__Output>): grpc.ClientUnaryCall;
  cancelJob(argument: _posta_queue_v1_CancelJobRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_CancelJobResponse__Output>): grpc.ClientUnaryCall;
  cancelJob(argument: _posta_queue_v1_CancelJobRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_CancelJobResponse__Output>): grpc.ClientUnaryCall;
  cancelJob(argument: _posta_queue_v1_CancelJobRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_CancelJobResponse__Output>): grpc.ClientUnaryCall;
  cancelJob(argument: _posta_queue_v1_CancelJobRequest, callback: grpc.requestCallback<_posta_queue_v1_CancelJobResponse__Output>): grpc.ClientUnaryCall;
  
  DrainWorker(argument: _posta_queue_v1_DrainWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  DrainWorker(argument: _posta_queue_v1_DrainWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  DrainWorker(argument: _posta_queue_v1_DrainWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  DrainWorker(argument: _posta_queue_v1_DrainWorkerRequest, callback: grpc.requestCallback<_posta_queue_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _posta_queue_v1_DrainWorkerRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _posta_queue_v1_DrainWorkerRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _posta_queue_v1_DrainWorkerRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  drainWorker(argument: _posta_queue_v1_DrainWorkerRequest, callback: grpc.requestCallback<_posta_queue_v1_DrainWorkerResponse__Output>): grpc.ClientUnaryCall;
  
  ExtendLeases(argument: _posta_queue_v1_ExtendLeasesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ExtendLeasesResponse__Output>): grpc.ClientUnaryCall;
  ExtendLeases(argument: _posta_queue_v1_ExtendLeasesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ExtendLeasesResponse__Output>): grpc.ClientUnaryCall;
  ExtendLeases(argument: _posta_queue_v1_ExtendLeasesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ExtendLeasesResponse__Output>): grpc.ClientUnaryCall;
  ExtendLeases(argument: _posta_queue_v1_ExtendLeasesRequest, callback: grpc.requestCallback<_posta_queue_v1_ExtendLeasesResponse__Output>): grpc.ClientUnaryCall;
  extendLeases(argument: _posta_queue_v1_ExtendLeasesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ExtendLeasesResponse__Output>): grpc.ClientUnaryCall;
  extendLeases(argument: _posta_queue_v1_ExtendLeasesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ExtendLeasesResponse__Output>): grpc.ClientUnaryCall;
  extendLeases(argument: _posta_queue_v1_ExtendLeasesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ExtendLeasesResponse__Output>): grpc.ClientUnaryCall;
  extendLeases(argument: _posta_queue_v1_ExtendLeasesRequest, callback: grpc.requestCallback<_posta_queue_v1_ExtendLeasesResponse__Output>): grpc.ClientUnaryCall;
  
  LeaseJobs(argument: _posta_queue_v1_LeaseJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_LeaseJobsResponse__Output>): grpc.ClientUnaryCall;
  LeaseJobs(argument: _posta_queue_v1_LeaseJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_LeaseJobsResponse__Output>): grpc.ClientUnaryCall;
  LeaseJobs(argument: _posta_queue_v1_LeaseJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_LeaseJobsResponse__Output>): grpc.ClientUnaryCall;
  LeaseJobs(argument: _posta_queue_v1_LeaseJobsRequest, callback: grpc.requestCallback<_posta_queue_v1_LeaseJobsResponse__Output>): grpc.ClientUnaryCall;
  leaseJobs(argument: _posta_queue_v1_LeaseJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_LeaseJobsResponse__Output>): grpc.ClientUnaryCall;
  leaseJobs(argument: _posta_queue_v1_LeaseJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_LeaseJobsResponse__Output>): grpc.ClientUnaryCall;
  leaseJobs(argument: _posta_queue_v1_LeaseJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_LeaseJobsResponse__Output>): grpc.ClientUnaryCall;
  leaseJobs(argument: _posta_queue_v1_LeaseJobsRequest, callback: grpc.requestCallback<_posta_queue_v1_LeaseJobsResponse__Output>): grpc.ClientUnaryCall;
  
  ListWorkers(argument: _posta_queue_v1_ListWorkersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  ListWorkers(argument: _posta_queue_v1_ListWorkersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  ListWorkers(argument: _posta_queue_v1_ListWorkersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  ListWorkers(argument: _posta_queue_v1_ListWorkersRequest, callback: grpc.requestCallback<_posta_queue_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _posta_queue_v1_ListWorkersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _posta_queue_v1_ListWorkersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _posta_queue_v1_ListWorkersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  listWorkers(argument: _posta_queue_v1_ListWorkersRequest, callback: grpc.requestCallback<_posta_queue_v1_ListWorkersResponse__Output>): grpc.ClientUnaryCall;
  
  ReportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  ReportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  ReportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  ReportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  reportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  reportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  reportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  reportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  
  UpdateLeasedJobs(argument: _posta_queue_v1_UpdateLeasedJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_UpdateLeasedJobsResponse__Output>): grpc.ClientUnaryCall;
  UpdateLeasedJobs(argument: _posta_queue_v1_UpdateLeasedJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_UpdateLeasedJobsResponse__Output>): grpc.ClientUnaryCall;
  UpdateLeasedJobs(argument: _posta_queue_v1_UpdateLeasedJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_UpdateLeasedJobsResponse__Output>): grpc.ClientUnaryCall;
  UpdateLeasedJobs(argument: _posta_queue_v1_UpdateLeasedJobsRequest, callback: grpc.requestCallback<_posta_queue_v1_UpdateLeasedJobsResponse__Output>): grpc.ClientUnaryCall;
  updateLeasedJobs(argument: _posta_queue_v1_UpdateLeasedJobsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_UpdateLeasedJobsResponse__Output>): grpc.ClientUnaryCall;
  updateLeasedJobs(argument: _posta_queue_v1_UpdateLeasedJobsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_UpdateLeasedJobsResponse__Output>): grpc.ClientUnaryCall;
  updateLeasedJobs(argument: _posta_queue_v1_UpdateLeasedJobsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_UpdateLeasedJobsResponse__Output>): grpc.ClientUnaryCall;
  updateLeasedJobs(argument: _posta_queue_v1_UpdateLeasedJobsRequest, callback: grpc.requestCallback<_posta_queue_v1_UpdateLeasedJobsResponse__Output>): grpc.ClientUnaryCall;
  
  Work(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_WorkRequest, _posta_queue_v1_WorkResponse__Output>;
  Work(options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_WorkRequest, _posta_queue_v1_WorkResponse__Output>;
  work(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_WorkRequest, _posta_queue_v1_WorkResponse__Output>;
  work(options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_WorkRequest, _posta_queue_v1_WorkResponse__Output>;
  
}

export interface WorkerServiceHandlers extends grpc.UntypedServiceImplementation {
  CancelJob: grpc.handleUnaryCall<_posta_queue_v1_CancelJobRequest__Output, _posta_queue_v1_CancelJobResponse>;
  
  DrainWorker: grpc.handleUnaryCall<_posta_queue_v1_DrainWorkerRequest__Output, _posta_queue_v1_DrainWorkerResponse>;
  
  ExtendLeases: grpc.handleUnaryCall<_posta_queue_v1_ExtendLeasesRequest__Output, _posta_queue_v1_ExtendLeasesResponse>;
  
  LeaseJobs: grpc.handleUnaryCall<_posta_queue_v1_LeaseJobsRequest__Output, _posta_queue_v1_LeaseJobsResponse>;
  
  ListWorkers: grpc.handleUnaryCall<_posta_queue_v1_ListWorkersRequest__Output, _posta_queue_v1_ListWorkersResponse>;
  
  ReportOutcomes: grpc.handleUnaryCall<_posta_queue_v1_ReportOutcomesRequest__Output, _posta_queue_v1_ReportOutcomesResponse>;
  
  UpdateLeasedJobs: grpc.handleUnaryCall<_posta_queue_v1_UpdateLeasedJobsRequest__Output, _posta_queue_v1_UpdateLeasedJobsResponse>;
  
  Work: grpc.handleBidiStreamingCall<_posta_queue_v1_WorkRequest__Output, _posta_queue_v1_WorkResponse>;
  
}

export interface WorkerServiceDefinition extends grpc.ServiceDefinition {
  CancelJob: MethodDefinition<_posta_queue_v1_CancelJobRequest, _posta_queue_v1_CancelJobResponse, _posta_queue_v1_CancelJobRequest__Output, _posta_queue_v1_CancelJobResponse__Output>
  DrainWorker: MethodDefinition<_posta_queue_v1_DrainWorkerRequest, _posta_queue_v1_DrainWorkerResponse, _posta_queue_v1_DrainWorkerRequest__Output, _posta_queue_v1_DrainWorkerResponse__Output>
  ExtendLeases: MethodDefinition<_posta_queue_v1_ExtendLeasesRequest, _posta_queue_v1_ExtendLeasesResponse, _posta_queue_v1_ExtendLeasesRequest__Output, _posta_queue_v1_ExtendLeasesResponse__Output>
  LeaseJobs: MethodDefinition<_posta_queue_v1_LeaseJobsRequest, _posta_queue_v1_LeaseJobsResponse, _posta_queue_v1_LeaseJobsRequest__Output, _posta_queue_v1_LeaseJobsResponse__Output>
  ListWorkers: MethodDefinition<_posta_queue_v1_ListWorkersRequest, _posta_queue_v1_ListWorkersResponse, _posta_queue_v1_ListWorkersRequest__Output, _posta_queue_v1_ListWorkersResponse__Output>
  ReportOutcomes: MethodDefinition<_posta_queue_v1_ReportOutcomesRequest, _posta_queue_v1_ReportOutcomesResponse, _posta_queue_v1_ReportOutcomesRequest__Output, _posta_queue_v1_ReportOutcomesResponse__Output>
  UpdateLeasedJobs: MethodDefinition<_posta_queue_v1_UpdateLeasedJobsRequest, _posta_queue_v1_UpdateLeasedJobsResponse, _posta_queue_v1_UpdateLeasedJobsRequest__Output, _posta_queue_v1_UpdateLeasedJobsResponse__Output>
  Work: MethodDefinition<_posta_queue_v1_WorkRequest, _posta_queue_v1_WorkResponse, _posta_queue_v1_WorkRequest__Output, _posta_queue_v1_WorkResponse__Output>
}
