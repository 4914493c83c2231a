// Original file: proto/posta/message/v1/message_service.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CancelMessageRequest as _posta_message_v1_CancelMessageRequest, CancelMessageRequest__Output as _posta_message_v1_CancelMessageRequest__Output } from '../../../posta/message/v1/CancelMessageRequest.js';
import type { CancelMessageResponse as _posta_message_v1_CancelMessageResponse, CancelMessageResponse__Output as _posta_message_v1_CancelMessageResponse__Output } from '../../../posta/message/v1/CancelMessageResponse.js';
import type { GetMessageRequest as _posta_message_v1_GetMessageRequest, GetMessageRequest__Output as _posta_message_v1_GetMessageRequest__Output } from '../../../posta/message/v1/GetMessageRequest.js';
import type { GetMessageResponse as _posta_message_v1_GetMessageResponse, GetMessageResponse__Output as _posta_message_v1_GetMessageResponse__Output } from '../../../posta/message/v1/GetMessageResponse.js';
import type { ListDeadLettersRequest as _posta_message_v1_ListDeadLettersRequest, ListDeadLettersRequest__Output as _posta_message_v1_ListDeadLettersRequest__Output } from '../../../posta/message/v1/ListDeadLettersRequest.js';
import type { ListDeadLettersResponse as _posta_message_v1_ListDeadLettersResponse, ListDeadLettersResponse__Output as _posta_message_v1_ListDeadLettersResponse__Output } from '../../../posta/message/v1/ListDeadLettersResponse.js';
import type { ListMessagesRequest as _posta_message_v1_ListMessagesRequest, ListMessagesRequest__Output as _posta_message_v1_ListMessagesRequest__Output } from '../../../posta/message/v1/ListMessagesRequest.js';
import type { ListMessagesResponse as _posta_message_v1_ListMessagesResponse, ListMessagesResponse__Output as _posta_message_v1_ListMessagesResponse__Output } from '../../../posta/message/v1/ListMessagesResponse.js';
import type { RedriveMessagesRequest as _posta_message_v1_RedriveMessagesRequest, RedriveMessagesRequest__Output as _posta_message_v1_RedriveMessagesRequest__Output } from '../../../posta/message/v1/RedriveMessagesRequest.js';
import type { RedriveMessagesResponse as _posta_message_v1_RedriveMessagesResponse, RedriveMessagesResponse__Output as _posta_message_v1_RedriveMessagesResponse__Output } from '../../../posta/message/v1/RedriveMessagesResponse.js';
import type { SendMessageRequest as _posta_message_v1_SendMessageRequest, SendMessageRequest__Output as _posta_message_v1_SendMessageRequest__Output } from '../../../posta/message/v1/SendMessageRequest.js';
import type { SendMessageResponse as _posta_message_v1_SendMessageResponse, SendMessageResponse__Output as _posta_message_v1_SendMessageResponse__Output } from '../../../posta/message/v1/SendMessageResponse.js';
import type { SendMessagesRequest as _posta_message_v1_SendMessagesRequest, SendMessagesRequest__Output as _posta_message_v1_SendMessagesRequest__Output } from '../../../posta/message/v1/SendMessagesRequest.js';
import type { SendMessagesResponse as _posta_message_v1_SendMessagesResponse, SendMessagesResponse__Output as _posta_message_v1_SendMessagesResponse__Output } from '../../../posta/message/v1/SendMessagesResponse.js';

export interface MessageServiceClient extends grpc.Client {
  CancelMessage(argument: _posta_message_v1_CancelMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_CancelMessageResponse__Output>): grpc.ClientUnaryCall;
  CancelMessage(argument: _posta_message_v1_CancelMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_CancelMessageResponse__Output>): grpc.ClientUnaryCall;
  CancelMessage(argument: _posta_message_v1_CancelMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_CancelMessageResponse__Output>): grpc.ClientUnaryCall;
  CancelMessage(argument: _posta_message_v1_CancelMessageRequest, callback: grpc.requestCallback<_posta_message_v1_CancelMessageResponse__Output>): grpc.ClientUnaryCall;
  cancelMessage(argument: _posta_message_v1_CancelMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_CancelMessageResponse__Output>): grpc.ClientUnaryCall;
  cancelMessage(argument: _posta_message_v1_CancelMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_CancelMessageResponse__Output>): grpc.ClientUnaryCall;
  cancelMessage(argument: _posta_message_v1_CancelMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_CancelMessageResponse__Output>): grpc.ClientUnaryCall;
  cancelMessage(argument: _posta_message_v1_CancelMessageRequest, callback: grpc.requestCallback<_posta_message_v1_CancelMessageResponse__Output>): grpc.ClientUnaryCall;
  
  GetMessage(argument: _posta_message_v1_GetMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  GetMessage(argument: _posta_message_v1_GetMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  GetMessage(argument: _posta_message_v1_GetMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  GetMessage(argument: _posta_message_v1_GetMessageRequest, callback: grpc.requestCallback<_posta_message_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _posta_message_v1_GetMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _posta_message_v1_GetMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _posta_message_v1_GetMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  getMessage(argument: _posta_message_v1_GetMessageRequest, callback: grpc.requestCallback<_posta_message_v1_GetMessageResponse__Output>): grpc.ClientUnaryCall;
  
  ListDeadLetters(argument: _posta_message_v1_ListDeadLettersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_ListDeadLettersResponse__Output>): grpc.ClientUnaryCall;
  ListDeadLetters(argument: _posta_message_v1_ListDeadLettersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_ListDeadLettersResponse__Output>): grpc.ClientUnaryCall;
  ListDeadLetters(argument: _posta_message_v1_ListDeadLettersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_ListDeadLettersResponse__Output>): grpc.ClientUnaryCall;
  ListDeadLetters(argument: _posta_message_v1_ListDeadLettersRequest, callback: grpc.requestCallback<_posta_message_v1_ListDeadLettersResponse__Output>): grpc.ClientUnaryCall;
  listDeadLetters(argument: _posta_message_v1_ListDeadLettersRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_ListDeadLettersResponse__Output>): grpc.ClientUnaryCall;
  listDeadLetters(argument: _posta_message_v1_ListDeadLettersRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_ListDeadLettersResponse__Output>): grpc.ClientUnaryCall;
  listDeadLetters(argument: _posta_message_v1_ListDeadLettersRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_ListDeadLettersResponse__Output>): grpc.ClientUnaryCall;
  listDeadLetters(argument: _posta_message_v1_ListDeadLettersRequest, callback: grpc.requestCallback<_posta_message_v1_ListDeadLettersResponse__Output>): grpc.ClientUnaryCall;
  
  ListMessages(argument: _posta_message_v1_ListMessagesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_ListMessagesResponse__Output>): grpc.ClientUnaryCall;
  ListMessages(argument: _posta_message_v1_ListMessagesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_ListMessagesResponse__Output>): grpc.ClientUnaryCall;
  ListMessages(argument: _posta_message_v1_ListMessagesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_ListMessagesResponse__Output>): grpc.ClientUnaryCall;
  ListMessages(argument: _posta_message_v1_ListMessagesRequest, callback: grpc.requestCallback<_posta_message_v1_ListMessagesResponse__Output>): grpc.ClientUnaryCall;
  listMessages(argument: _posta_message_v1_ListMessagesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_ListMessagesResponse__Output>): grpc.ClientUnaryCall;
  listMessages(argument: _posta_message_v1_ListMessagesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_ListMessagesResponse__Output>): grpc.ClientUnaryCall;
  listMessages(argument: _posta_message_v1_ListMessagesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_ListMessagesResponse__Output>): grpc.ClientUnaryCall;
  listMessages(argument: _posta_message_v1_ListMessagesRequest, callback: grpc.requestCallback<_posta_message_v1_ListMessagesResponse__Output>): grpc.ClientUnaryCall;
  
  RedriveMessages(argument: _posta_message_v1_RedriveMessagesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_RedriveMessagesResponse__Output>): grpc.ClientUnaryCall;
  RedriveMessages(argument: _posta_message_v1_RedriveMessagesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_RedriveMessagesResponse__Output>): grpc.ClientUnaryCall;
  RedriveMessages(argument: _posta_message_v1_RedriveMessagesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_RedriveMessagesResponse__Output>): grpc.ClientUnaryCall;
  RedriveMessages(argument: _posta_message_v1_RedriveMessagesRequest, callback: grpc.requestCallback<_posta_message_v1_RedriveMessagesResponse__Output>): grpc.ClientUnaryCall;
  redriveMessages(argument: _posta_message_v1_RedriveMessagesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_RedriveMessagesResponse__Output>): grpc.ClientUnaryCall;
  redriveMessages(argument: _posta_message_v1_RedriveMessagesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_RedriveMessagesResponse__Output>): grpc.ClientUnaryCall;
  redriveMessages(argument: _posta_message_v1_RedriveMessagesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_RedriveMessagesResponse__Output>): grpc.ClientUnaryCall;
  redriveMessages(argument: _posta_message_v1_RedriveMessagesRequest, callback: grpc.requestCallback<_posta_message_v1_RedriveMessagesResponse__Output>): grpc.ClientUnaryCall;
  
  SendMessage(argument: _posta_message_v1_SendMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_SendMessageResponse__Output>): grpc.ClientUnaryCall;
  SendMessage(argument: _posta_message_v1_SendMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_SendMessageResponse__Output>): grpc.ClientUnaryCall;
  SendMessage(argument: _posta_message_v1_SendMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_SendMessageResponse__Output>): grpc.ClientUnaryCall;
  SendMessage(argument: _posta_message_v1_SendMessageRequest, callback: grpc.requestCallback<_posta_message_v1_SendMessageResponse__Output>): grpc.ClientUnaryCall;
  sendMessage(argument: _posta_message_v1_SendMessageRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_SendMessageResponse__Output>): grpc.ClientUnaryCall;
  sendMessage(argument: _posta_message_v1_SendMessageRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_SendMessageResponse__Output>): grpc.ClientUnaryCall;
  sendMessage(argument: _posta_message_v1_SendMessageRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_SendMessageResponse__Output>): grpc.ClientUnaryCall;
  sendMessage(argument: _posta_message_v1_SendMessageRequest, callback: grpc.requestCallback<_posta_message_v1_SendMessageResponse__Output>): grpc.ClientUnaryCall;
  
  SendMessages(argument: _posta_message_v1_SendMessagesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_SendMessagesResponse__Output>): grpc.ClientUnaryCall;
  SendMessages(argument: _posta_message_v1_SendMessagesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_SendMessagesResponse__Output>): grpc.ClientUnaryCall;
  SendMessages(argument: _posta_message_v1_SendMessagesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_SendMessagesResponse__Output>): grpc.ClientUnaryCall;
  SendMessages(argument: _posta_message_v1_SendMessagesRequest, callback: grpc.requestCallback<_posta_message_v1_SendMessagesResponse__Output>): grpc.ClientUnaryCall;
  sendMessages(argument: _posta_message_v1_SendMessagesRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_SendMessagesResponse__Output>): grpc.ClientUnaryCall;
  sendMessages(argument: _posta_message_v1_SendMessagesRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_posta_message_v1_SendMessagesResponse__Output>): grpc.ClientUnaryCall;
  sendMessages(argument: _posta_message_v1_SendMessagesRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_posta_message_v1_SendMessagesResponse__Output>): grpc.ClientUnaryCall;
  sendMessages(argument: _posta_message_v1_SendMessagesRequest, callback: grpc.requestCallback<_posta_message_v1_SendMessagesResponse__Output>): grpc.ClientUnaryCall;
  
}

export interface MessageServiceHandlers extends grpc.UntypedServiceImplementation {
  CancelMessage: grpc.handleUnaryCall<_posta_message_v1_CancelMessageRequest__Output, _posta_message_v1_CancelMessageResponse>;
  
  GetMessage: grpc.handleUnaryCall<_posta_message_v1_GetMessageRequest__Output, _posta_message_v1_GetMessageResponse>;
  
  ListDeadLetters: grpc.handleUnaryCall<_posta_message_v1_ListDeadLettersRequest__Output, _posta_message_v1_ListDeadLettersResponse>;
  
  ListMessages: grpc.handleUnaryCall<_posta_message_v1_ListMessagesRequest__Output, _posta_message_v1_ListMessagesResponse>;
  
  RedriveMessages: grpc.handleUnaryCall<_posta_message_v1_RedriveMessagesRequest__Output, _posta_message_v1_RedriveMessagesResponse>;
  
  SendMessage: grpc.handleUnaryCall<_posta_message_v1_SendMessageRequest__Output, _posta_message_v1_SendMessageResponse>;
  
  SendMessages: grpc.handleUnaryCall<_posta_message_v1_SendMessagesRequest__Output, _posta_message_v1_SendMessagesResponse>;
  
}

export interface MessageServiceDefinition extends grpc.ServiceDefinition {
  CancelMessage: MethodDefinition<_posta_message_v1_CancelMessageRequest, _posta_message_v1_CancelMessageResponse, _posta_message_v1_CancelMessageRequest__Output, _posta_message_v1_CancelMessageResponse__Output>
  GetMessage: MethodDefinition<_posta_message_v1_GetMessageRequest, _posta_message_v1_GetMessageResponse, _posta_message_v1_GetMessageRequest__Output, _posta_message_v1_GetMessageResponse__Output>
  ListDeadLetters: MethodDefinition<_posta_message_v1_ListDeadLettersRequest, _posta_message_v1_ListDeadLettersResponse, _posta_message_v1_ListDeadLettersRequest__Output, _posta_message_v1_ListDeadLettersResponse__Output>
  ListMessages: MethodDefinition<_posta_message_v1_ListMessagesRequest, _posta_message_v1_ListMessagesResponse, _posta_message_v1_ListMessagesRequest__Output, _posta_message_v1_ListMessagesResponse__Output>
  RedriveMessages: MethodDefinition<_posta_message_v1_RedriveMessagesRequest, _posta_message_v1_RedriveMessagesResponse, _posta_message_v1_RedriveMessagesRequest__Output, _posta_message_v1_RedriveMessagesResponse__Output>
  SendMessage: MethodDefinition<_posta_message_v1_SendMessageRequest, _posta_message_v1_SendMessageResponse, _posta_message_v1_SendMessageRequest__Output, _posta_message_v1_SendMessageResponse__Output>
  SendMessages: MethodDefinition<_posta_message_v1_SendMessagesRequest, _posta_message_v1_SendMessagesResponse, _posta_message_v1_SendMessagesRequest__Output, _posta_message_v1_SendMessagesResponse__Output>
}
