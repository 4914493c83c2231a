// Original file: proto/posta/queue/v1/worker_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ExtendLeasesRequest as _posta_queue_v1_ExtendLeasesRequest, ExtendLeasesRequest__Output as _posta_queue_v1_ExtendLeasesRequest__Output } from '../../../posta/queue/v1/ExtendLeasesRequest.js';
import type { ExtendLeasesResponse as _posta_queue_v1_ExtendLeasesResponse, ExtendLeasesResponse__Output as _posta_queue_v1_ExtendLeasesResponse__Output } from '../../../posta/queue/v1/ExtendLeasesResponse.js';
import type { LeaseJobsRequest as _posta_queue_v1_LeaseJobsRequest, LeaseJobsRequest__Output as _posta_queue_v1_LeaseJobsRequest__Output } from '../../../posta/queue/v1/LeaseJobsRequest.js';
import type { LeaseJobsResponse as _posta_queue_v1_LeaseJobsResponse, LeaseJobsResponse__Output as _posta_queue_v1_LeaseJobsResponse__Output } from '../../../posta/queue/v1/LeaseJobsResponse.js';
import type { ReportOutcomesRequest as _posta_queue_v1_ReportOutcomesRequest, ReportOutcomesRequest__Output as _posta_queue_v1_ReportOutcomesRequest__Output } from '../../../posta/queue/v1/ReportOutcomesRequest.js';
import type { ReportOutcomesResponse as _posta_queue_v1_ReportOutcomesResponse, ReportOutcomesResponse__Output as _posta_queue_v1_ReportOutcomesResponse__Output } from '../../../posta/queue/v1/ReportOutcomesResponse.js';
import type { WorkRequest as _posta_queue_v1_WorkRequest, WorkRequest__Output as _posta_queue_v1_WorkRequest__Output } from '../../../posta/queue/v1/WorkRequest.js';
import type { WorkResponse as _posta_queue_v1_WorkResponse, WorkResponse__Output as _posta_queue_v1_WorkResponse__Output } from '../../../posta/queue/v1/WorkResponse.js';

export interface WorkerServiceClient extends grpc.Client {
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
  
  ReportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  ReportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  ReportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  ReportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  reportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  reportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  reportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  reportOutcomes(argument: _posta_queue_v1_ReportOutcomesRequest, callback: grpc.requestCallback<_posta_queue_v1_ReportOutcomesResponse__Output>): grpc.ClientUnaryCall;
  
  Work(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_WorkRequest, _posta_queue_v1_WorkResponse__Output>;
  Work(options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_WorkRequest, _posta_queue_v1_WorkResponse__Output>;
  work(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_WorkRequest, _posta_queue_v1_WorkResponse__Output>;
  work(options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_queue_v1_WorkRequest, _posta_queue_v1_WorkResponse__Output>;
  
}

export interface WorkerServiceHandlers extends grpc.UntypedServiceImplementation {
  ExtendLeases: grpc.handleUnaryCall<_posta_queue_v1_ExtendLeasesRequest__Output, _posta_queue_v1_ExtendLeasesResponse>;
  
  LeaseJobs: grpc.handleUnaryCall<_posta_queue_v1_LeaseJobsRequest__Output, _posta_queue_v1_LeaseJobsResponse>;
  
  ReportOutcomes: grpc.handleUnaryCall<_posta_queue_v1_ReportOutcomesRequest__Output, _posta_queue_v1_ReportOutcomesResponse>;
  
  Work: grpc.handleBidiStreamingCall<_posta_queue_v1_WorkRequest__Output, _posta_queue_v1_WorkResponse>;
  
}

export interface WorkerServiceDefinition extends grpc.ServiceDefinition {
  ExtendLeases: MethodDefinition<_posta_queue_v1_ExtendLeasesRequest, _posta_queue_v1_ExtendLeasesResponse, _posta_queue_v1_ExtendLeasesRequest__Output, _posta_queue_v1_ExtendLeasesResponse__Output>
  LeaseJobs: MethodDefinition<_posta_queue_v1_LeaseJobsRequest, _posta_queue_v1_LeaseJobsResponse, _posta_queue_v1_LeaseJobsRequest__Output, _posta_queue_v1_LeaseJobsResponse__Output>
  ReportOutcomes: MethodDefinition<_posta_queue_v1_ReportOutcomesRequest, _posta_queue_v1_ReportOutcomesResponse, _posta_queue_v1_ReportOutcomesRequest__Output, _posta_queue_v1_ReportOutcomesResponse__Output>
  Work: MethodDefinition<_posta_queue_v1_WorkRequest, _posta_queue_v1_WorkResponse, _posta_queue_v1_WorkRequest__Output, _posta_queue_v1_WorkResponse__Output>
}
