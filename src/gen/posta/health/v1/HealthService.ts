// Original file: proto/posta/health/v1/health_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GetHealthRequest as _posta_health_v1_GetHealthRequest, GetHealthRequest__Output as _posta_health_v1_GetHealthRequest__Output } from '../../../posta/health/v1/GetHealthRequest.js';
import type { GetHealthResponse as _posta_health_v1_GetHealthResponse, GetHealthResponse__Output as _posta_health_v1_GetHealthResponse__Output } from '../../../posta/health/v1/GetHealthResponse.js';

export interface HealthServiceClient extends grpc.Client {
  GetHealth(argument: _posta_health_v1_GetHealthRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_health_v1_GetHealthResponse__Output>): grpc.ClientUnaryCall;
  GetHealth(argument: _posta_health_v1_GetHealthRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_health_v1_GetHealthResponse__Output>): grpc.ClientUnaryCall;
  GetHealth(argument: _posta_health_v1_GetHealthRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_health_v1_GetHealthResponse__Output>): grpc.ClientUnaryCall;
  GetHealth(argument: _posta_health_v1_GetHealthRequest, callback: grpc.requestCallback<_posta_health_v1_GetHealthResponse__Output>): grpc.ClientUnaryCall;
  getHealth(argument: _posta_health_v1_GetHealthRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_health_v1_GetHealthResponse__Output>): grpc.ClientUnaryCall;
  getHealth(argument: _posta_health_v1_GetHealthRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_health_v1_GetHealthResponse__Output>): grpc.ClientUnaryCall;
  getHealth(argument: _posta_health_v1_GetHealthRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_health_v1_GetHealthResponse__Output>): grpc.ClientUnaryCall;
  getHealth(argument: _posta_health_v1_GetHealthRequest, callback: grpc.requestCallback<_posta_health_v1_GetHealthResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface HealthServiceHandlers extends grpc.UntypedServiceImplementation {
  GetHealth: grpc.handleUnaryCall<_posta_health_v1_GetHealthRequest__Output, _posta_health_v1_GetHealthResponse>;
  
}

export interface HealthServiceDefinition extends grpc.ServiceDefinition {
  GetHealth: MethodDefinition<_posta_health_v1_GetHealthRequest, _posta_health_v1_GetHealthResponse, _posta_health_v1_GetHealthRequest__Output, _posta_health_v1_GetHealthResponse__Output>
}
