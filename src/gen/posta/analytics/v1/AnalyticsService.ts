// Original file: proto/posta/analytics/v1/analytics_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CountUniqueRequest as _posta_analytics_v1_CountUniqueRequest, CountUniqueRequest__Output as _posta_analytics_v1_CountUniqueRequest__Output } from '../../../posta/analytics/v1/CountUniqueRequest.js';
import type { CountUniqueResponse as _posta_analytics_v1_CountUniqueResponse, CountUniqueResponse__Output as _posta_analytics_v1_CountUniqueResponse__Output } from '../../../posta/analytics/v1/CountUniqueResponse.js';
import type { GetCountersRequest as _posta_analytics_v1_GetCountersRequest, GetCountersRequest__Output as _posta_analytics_v1_GetCountersRequest__Output } from '../../../posta/analytics/v1/GetCountersRequest.js';
import type { GetCountersResponse as _posta_analytics_v1_GetCountersResponse, GetCountersResponse__Output as _posta_analytics_v1_GetCountersResponse__Output } from '../../../posta/analytics/v1/GetCountersResponse.js';
import type { GetTimeSeriesRequest as _posta_analytics_v1_GetTimeSeriesRequest, GetTimeSeriesRequest__Output as _posta_analytics_v1_GetTimeSeriesRequest__Output } from '../../../posta/analytics/v1/GetTimeSeriesRequest.js';
import type { GetTimeSeriesResponse as _posta_analytics_v1_GetTimeSeriesResponse, GetTimeSeriesResponse__Output as _posta_analytics_v1_GetTimeSeriesResponse__Output } from '../../../posta/analytics/v1/GetTimeSeriesResponse.js';
import type { ListRecentEventsRequest as _posta_analytics_v1_ListRecentEventsRequest, ListRecentEventsRequest__Output as _posta_analytics_v1_ListRecentEventsRequest__Output } from '../../../posta/analytics/v1/ListRecentEventsRequest.js';
import type { ListRecentEventsResponse as _posta_analytics_v1_ListRecentEventsResponse, ListRecentEventsResponse__Output as _posta_analytics_v1_ListRecentEventsResponse__Output } from '../../../posta/analytics/v1/ListRecentEventsResponse.js';
import type { ListTopValuesRequest as _posta_analytics_v1_ListTopValuesRequest, ListTopValuesRequest__Output as _posta_analytics_v1_ListTopValuesRequest__Output } from '../../../posta/analytics/v1/ListTopValuesRequest.js';
import type { ListTopValuesResponse as _posta_analytics_v1_ListTopValuesResponse, ListTopValuesResponse__Output as _posta_analytics_v1_ListTopValuesResponse__Output } from '../../../posta/analytics/v1/ListTopValuesResponse.js';
import type { StreamEventsRequest as _posta_analytics_v1_StreamEventsRequest, StreamEventsRequest__Output as _posta_analytics_v1_StreamEventsRequest__Output } from '../../../posta/analytics/v1/StreamEventsRequest.js';
import type { StreamEventsResponse as _posta_analytics_v1_StreamEventsResponse, StreamEventsResponse__Output as _posta_analytics_v1_StreamEventsResponse__Output } from '../../../posta/analytics/v1/StreamEventsResponse.js';
import type { TrackEventRequest as _posta_analytics_v1_TrackEventRequest, TrackEventRequest__Output as _posta_analytics_v1_TrackEventRequest__Output } from '../../../posta/analytics/v1/TrackEventRequest.js';
import type { TrackEventResponse as _posta_analytics_v1_TrackEventResponse, TrackEventResponse__Output as _posta_analytics_v1_TrackEventResponse__Output } from '../../../posta/analytics/v1/TrackEventResponse.js';
import type { TrackEventsRequest as _posta_analytics_v1_TrackEventsRequest, TrackEventsRequest__Output as _posta_analytics_v1_TrackEventsRequest__Output } from '../../../posta/analytics/v1/TrackEventsRequest.js';
import type { TrackEventsResponse as _posta_analytics_v1_TrackEventsResponse, TrackEventsResponse__Output as _posta_analytics_v1_TrackEventsResponse__Output } from '../../../posta/analytics/v1/TrackEventsResponse.js';

export interface AnalyticsServiceClient extends grpc.Client {
  CountUnique(argument: _posta_analytics_v1_CountUniqueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_CountUniqueResponse__Output>): grpc.ClientUnaryCall;
  CountUnique(argument: _posta_analytics_v1_CountUniqueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_CountUniqueResponse__Output>): grpc.ClientUnaryCall;
  CountUnique(argument: _posta_analytics_v1_CountUniqueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_CountUniqueResponse__Output>): grpc.ClientUnaryCall;
  CountUnique(argument: _posta_analytics_v1_CountUniqueRequest, callback: grpc.requestCallback<_posta_analytics_v1_CountUniqueResponse__Output>): grpc.ClientUnaryCall;
  countUnique(argument: _posta_analytics_v1_CountUniqueRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_CountUniqueResponse__Output>): grpc.ClientUnaryCall;
  countUnique(argument: _posta_analytics_v1_CountUniqueRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_CountUniqueResponse__Output>): grpc.ClientUnaryCall;
  countUnique(argument: _posta_analytics_v1_CountUniqueRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_CountUniqueResponse__Output>): grpc.ClientUnaryCall;
  countUnique(argument: _posta_analytics_v1_CountUniqueRequest, callback: grpc.requestCallback<_posta_analytics_v1_CountUniqueResponse__Output>): grpc.ClientUnaryCall;
  
  GetCounters(argument: _posta_analytics_v1_GetCountersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_GetCountersResponse__Output>): grpc.ClientUnaryCall;
  GetCounters(argument: _posta_analytics_v1_GetCountersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_GetCountersResponse__Output>): grpc.ClientUnaryCall;
  GetCounters(argument: _posta_analytics_v1_GetCountersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_GetCountersResponse__Output>): grpc.ClientUnaryCall;
  GetCounters(argument: _posta_analytics_v1_GetCountersRequest, callback: grpc.requestCallback<_posta_analytics_v1_GetCountersResponse__Output>): grpc.ClientUnaryCall;
  getCounters(argument: _posta_analytics_v1_GetCountersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_GetCountersResponse__Output>): grpc.ClientUnaryCall;
  getCounters(argument: _posta_analytics_v1_GetCountersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_GetCountersResponse__Output>): grpc.ClientUnaryCall;
  getCounters(argument: _posta_analytics_v1_GetCountersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_GetCountersResponse__Output>): grpc.ClientUnaryCall;
  getCounters(argument: _posta_analytics_v1_GetCountersRequest, callback: grpc.requestCallback<_posta_analytics_v1_GetCountersResponse__Output>): grpc.ClientUnaryCall;
  
  GetTimeSeries(argument: _posta_analytics_v1_GetTimeSeriesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_GetTimeSeriesResponse__Output>): grpc.ClientUnaryCall;
  GetTimeSeries(argument: _posta_analytics_v1_GetTimeSeriesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_GetTimeSeriesResponse__Output>): grpc.ClientUnaryCall;
  GetTimeSeries(argument: _posta_analytics_v1_GetTimeSeriesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_GetTimeSeriesResponse__Output>): grpc.ClientUnaryCall;
  GetTimeSeries(argument: _posta_analytics_v1_GetTimeSeriesRequest, callback: grpc.requestCallback<_posta_analytics_v1_GetTimeSeriesResponse__Output>): grpc.ClientUnaryCall;
  getTimeSeries(argument: _posta_analytics_v1_GetTimeSeriesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_GetTimeSeriesResponse__Output>): grpc.ClientUnaryCall;
  getTimeSeries(argument: _posta_analytics_v1_GetTimeSeriesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_GetTimeSeriesResponse__Output>): grpc.ClientUnaryCall;
  getTimeSeries(argument: _posta_analytics_v1_GetTimeSeriesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_GetTimeSeriesResponse__Output>): grpc.ClientUnaryCall;
  getTimeSeries(argument: _posta_analytics_v1_GetTimeSeriesRequest, callback: grpc.requestCallback<_posta_analytics_v1_GetTimeSeriesResponse__Output>): grpc.ClientUnaryCall;
  
  ListRecentEvents(argument: _posta_analytics_v1_ListRecentEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_ListRecentEventsResponse__Output>): grpc.ClientUnaryCall;
  ListRecentEvents(argument: _posta_analytics_v1_ListRecentEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_ListRecentEventsResponse__Output>): grpc.ClientUnaryCall;
  ListRecentEvents(argument: _posta_analytics_v1_ListRecentEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_ListRecentEventsResponse__Output>): grpc.ClientUnaryCall;
  ListRecentEvents(argument: _posta_analytics_v1_ListRecentEventsRequest, callback: grpc.requestCallback<_posta_analytics_v1_ListRecentEventsResponse__Output>): grpc.ClientUnaryCall;
  listRecentEvents(argument: _posta_analytics_v1_ListRecentEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_ListRecentEventsResponse__Output>): grpc.ClientUnaryCall;
  listRecentEvents(argument: _posta_analytics_v1_ListRecentEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_ListRecentEventsResponse__Output>): grpc.ClientUnaryCall;
  listRecentEvents(argument: _posta_analytics_v1_ListRecentEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_ListRecentEventsResponse__Output>): grpc.ClientUnaryCall;
  listRecentEvents(argument: _posta_analytics_v1_ListRecentEventsRequest, callback: grpc.requestCallback<_posta_analytics_v1_ListRecentEventsResponse__Output>): grpc.ClientUnaryCall;
  
  ListTopValues(argument: _posta_analytics_v1_ListTopValuesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_ListTopValuesResponse__Output>): grpc.ClientUnaryCall;
  ListTopValues(argument: _posta_analytics_v1_ListTopValuesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_ListTopValuesResponse__Output>): grpc.ClientUnaryCall;
  ListTopValues(argument: _posta_analytics_v1_ListTopValuesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_ListTopValuesResponse__Output>): grpc.ClientUnaryCall;
  ListTopValues(argument: _posta_analytics_v1_ListTopValuesRequest, callback: grpc.requestCallback<_posta_analytics_v1_ListTopValuesResponse__Output>): grpc.ClientUnaryCall;
  listTopValues(argument: _posta_analytics_v1_ListTopValuesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_ListTopValuesResponse__Output>): grpc.ClientUnaryCall;
  listTopValues(argument: _posta_analytics_v1_ListTopValuesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_ListTopValuesResponse__Output>): grpc.ClientUnaryCall;
  listTopValues(argument: _posta_analytics_v1_ListTopValuesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_ListTopValuesResponse__Output>): grpc.ClientUnaryCall;
  listTopValues(argument: _posta_analytics_v1_ListTopValuesRequest, callback: grpc.requestCallback<_posta_analytics_v1_ListTopValuesResponse__Output>): grpc.ClientUnaryCall;
  
  StreamEvents(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_analytics_v1_StreamEventsRequest, _posta_analytics_v1_StreamEventsResponse__Output>;
  StreamEvents(options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_analytics_v1_StreamEventsRequest, _posta_analytics_v1_StreamEventsResponse__Output>;
  streamEvents(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_analytics_v1_StreamEventsRequest, _posta_analytics_v1_StreamEventsResponse__Output>;
  streamEvents(options?: grpc.CallOptions): grpc.ClientDuplexStream<_posta_analytics_v1_StreamEventsRequest, _posta_analytics_v1_StreamEventsResponse__Output>;
  
  TrackEvent(argument: _posta_analytics_v1_TrackEventRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventResponse__Output>): grpc.ClientUnaryCall;
  TrackEvent(argument: _posta_analytics_v1_TrackEventRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventResponse__Output>): grpc.ClientUnaryCall;
  TrackEvent(argument: _posta_analytics_v1_TrackEventRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventResponse__Output>): grpc.ClientUnaryCall;
  TrackEvent(argument: _posta_analytics_v1_TrackEventRequest, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventResponse__Output>): grpc.ClientUnaryCall;
  trackEvent(argument: _posta_analytics_v1_TrackEventRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventResponse__Output>): grpc.ClientUnaryCall;
  trackEvent(argument: _posta_analytics_v1_TrackEventRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventResponse__Output>): grpc.ClientUnaryCall;
  trackEvent(argument: _posta_analytics_v1_TrackEventRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventResponse__Output>): grpc.ClientUnaryCall;
  trackEvent(argument: _posta_analytics_v1_TrackEventRequest, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventResponse__Output>): grpc.ClientUnaryCall;
  
  TrackEvents(argument: _posta_analytics_v1_TrackEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventsResponse__Output>): grpc.ClientUnaryCall;
  TrackEvents(argument: _posta_analytics_v1_TrackEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventsResponse__Output>): grpc.ClientUnaryCall;
  TrackEvents(argument: _posta_analytics_v1_TrackEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventsResponse__Output>): grpc.ClientUnaryCall;
  TrackEvents(argument: _posta_analytics_v1_TrackEventsRequest, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventsResponse__Output>): grpc.ClientUnaryCall;
  trackEvents(argument: _posta_analytics_v1_TrackEventsRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventsResponse__Output>): grpc.ClientUnaryCall;
  trackEvents(argument: _posta_analytics_v1_TrackEventsRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventsResponse__Output>): grpc.ClientUnaryCall;
  trackEvents(argument: _posta_analytics_v1_TrackEventsRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventsResponse__Output>): grpc.ClientUnaryCall;
  trackEvents(argument: _posta_analytics_v1_TrackEventsRequest, callback: grpc.requestCallback<_posta_analytics_v1_TrackEventsResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface AnalyticsServiceHandlers extends grpc.UntypedServiceImplementation {
  CountUnique: grpc.handleUnaryCall<_posta_analytics_v1_CountUniqueRequest__Output, _posta_analytics_v1_CountUniqueResponse>;
  
  GetCounters: grpc.handleUnaryCall<_posta_analytics_v1_GetCountersRequest__Output, _posta_analytics_v1_GetCountersResponse>;
  
  GetTimeSeries: grpc.handleUnaryCall<_posta_analytics_v1_GetTimeSeriesRequest__Output, _posta_analytics_v1_GetTimeSeriesResponse>;
  
  ListRecentEvents: grpc.handleUnaryCall<_posta_analytics_v1_ListRecentEventsRequest__Output, _posta_analytics_v1_ListRecentEventsResponse>;
  
  ListTopValues: grpc.handleUnaryCall<_posta_analytics_v1_ListTopValuesRequest__Output, _posta_analytics_v1_ListTopValuesResponse>;
  
  StreamEvents: grpc.handleBidiStreamingCall<_posta_analytics_v1_StreamEventsRequest__Output, _posta_analytics_v1_StreamEventsResponse>;
  
  TrackEvent: grpc.handleUnaryCall<_posta_analytics_v1_TrackEventRequest__Output, _posta_analytics_v1_TrackEventResponse>;
  
  TrackEvents: grpc.handleUnaryCall<_posta_analytics_v1_TrackEventsRequest__Output, _posta_analytics_v1_TrackEventsResponse>;
  
}

export interface AnalyticsServiceDefinition extends grpc.ServiceDefinition {
  CountUnique: MethodDefinition<_posta_analytics_v1_CountUniqueRequest, _posta_analytics_v1_CountUniqueResponse, _posta_analytics_v1_CountUniqueRequest__Output, _posta_analytics_v1_CountUniqueResponse__Output>
  GetCounters: MethodDefinition<_posta_analytics_v1_GetCountersRequest, _posta_analytics_v1_GetCountersResponse, _posta_analytics_v1_GetCountersRequest__Output, _posta_analytics_v1_GetCountersResponse__Output>
  GetTimeSeries: MethodDefinition<_posta_analytics_v1_GetTimeSeriesRequest, _posta_analytics_v1_GetTimeSeriesResponse, _posta_analytics_v1_GetTimeSeriesRequest__Output, _posta_analytics_v1_GetTimeSeriesResponse__Output>
  ListRecentEvents: MethodDefinition<_posta_analytics_v1_ListRecentEventsRequest, _posta_analytics_v1_ListRecentEventsResponse, _posta_analytics_v1_ListRecentEventsRequest__Output, _posta_analytics_v1_ListRecentEventsResponse__Output>
  ListTopValues: MethodDefinition<_posta_analytics_v1_ListTopValuesRequest, _posta_analytics_v1_ListTopValuesResponse, _posta_analytics_v1_ListTopValuesRequest__Output, _posta_analytics_v1_ListTopValuesResponse__Output>
  StreamEvents: MethodDefinition<_posta_analytics_v1_StreamEventsRequest, _posta_analytics_v1_StreamEventsResponse, _posta_analytics_v1_StreamEventsRequest__Output, _posta_analytics_v1_StreamEventsResponse__Output>
  TrackEvent: MethodDefinition<_posta_analytics_v1_TrackEventRequest, _posta_analytics_v1_TrackEventResponse, _posta_analytics_v1_TrackEventRequest__Output, _posta_analytics_v1_TrackEventResponse__Output>
  TrackEvents: MethodDefinition<_posta_analytics_v1_TrackEventsRequest, _posta_analytics_v1_TrackEventsResponse, _posta_analytics_v1_TrackEventsRequest__Output, _posta_analytics_v1_TrackEventsResponse__Output>
}
