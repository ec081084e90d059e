import type Stripe from 'stripe';

/** What Stripe puts under `error` in every refusal. */
export interface ErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  advice_code?: string;
  charge?: string;
  doc_url?: string;
  payment_intent?: Stripe.PaymentIntent;
  payment_method?: Stripe.PaymentMethod;
  payment_method_type?: string;
}

interface ApiErrorOptions {
  status: number;
  body: ErrorBody;
  headers?: Record<string, string>;
  /** A declined card is an answer, not an accident: what the request wrote stays written. */
  keepsEffects?: boolean;
}

/** A refusal in Stripe's shape. Everything that can be thrown while answering becomes one of these. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Record<string, string>;
  readonly keepsEffects: boolean;

  constructor({ status, body, headers = {}, keepsEffects = false }: ApiErrorOptions) {
    super(body.message);
    this.status = status;
    this.body = body.code === undefined ? body : { ...body, doc_url: docUrl(body.code) };
    this.headers = headers;
    this.keepsEffects = keepsEffects;
  }
}

export function docUrl(code: string): string {
  return `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;
}

interface RefusalDetail {
  code?: string;
  param?: string;
  status?: number;
  payment_intent?: Stripe.PaymentIntent;
}

export function invalidRequest(message: string, { status = 400, ...detail }: RefusalDetail = {}): ApiError {
  return new ApiError({ status, body: { type: 'invalid_request_error', message, ...detail } });
}

/** 404 when the id was in the path, 400 when it was a parameter, as Stripe does. */
export function noSuch(noun: string, id: string, { param, status }: { param: string; status: 400 | 404 }): ApiError {
  return invalidRequest(`No such ${noun}: '${id.slice(0, 100)}'`, { code: 'resource_missing', param, status });
}

export function insufficientBalance(message: string): ApiError {
  return invalidRequest(message, { code: 'balance_insufficient' });
}
