import { CloseCode } from 'graphql-ws';

/** Why the server closes a socket. Those of the graphql-transport-ws protocol, and ours. */
export const closeCodes = {
  goingAway: 1001,
  policyViolation: 1008,
  tryAgainLater: 1013,
  badRequest: CloseCode.BadRequest,
  notInitialised: CloseCode.Unauthorized,
  forbidden: CloseCode.Forbidden,
  subprotocolNotAcceptable: CloseCode.SubprotocolNotAcceptable,
  initialisationTimeout: CloseCode.ConnectionInitialisationTimeout,
  subscriberExists: CloseCode.SubscriberAlreadyExists,
  tooManyInitialisations: CloseCode.TooManyInitialisationRequests,
  /** The client reads slower than events come. It may connect again and resume with its cursors. */
  slowConsumer: 4410,
} as const;
