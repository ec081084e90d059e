/**
 * Settings of a marketplace whose callers all come from one address and ask as
 * fast as they are answered: every request is counted against the limits like
 * anybody's, they are only too high to be reached.
 */
export const UNLIMITED: Readonly<Record<string, string>> = {
  GATEWAY_RATE_POINTS_PER_MINUTE_USER: '1000000000',
  GATEWAY_RATE_POINTS_PER_MINUTE_ADDRESS: '1000000000',
  GATEWAY_RATE_REQUESTS_PER_MINUTE_ADDRESS: '1000000000',
  GATEWAY_LOGIN_PER_ACCOUNT: '1000000',
  GATEWAY_LOGIN_PER_ADDRESS: '1000000',
};
