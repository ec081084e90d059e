import { LoginDocument, LogoutDocument, RefreshSessionDocument } from '@marketgraph/schema/generated/operations';
import { ask, type GraphProblem } from './graph.ts';
import { retryDelayMs } from './retry-delay.ts';

interface Tokens {
  accessToken: string;
  refreshToken: string;
  /** From then on another one is taken before this one is used. By this machine's clock, however wrong that is. */
  staleAt: number;
}

/** The access token is replaced when so little of it is left. */
const RENEW_BEFORE_MS = 60_000;
/** An access token is good for a quarter of an hour; one that claims to have ended already is tried for this long. */
const SHORTEST_MS = 5_000;

export interface SessionEvents {
  /** There is another access token: what is open goes on with it. */
  onRenewed(): void;
  /** The refresh token is no longer taken. */
  onEnded(): void;
}

/** The tokens of one who is signed in. In memory alone: they end with the page. */
export class Session {
  #tokens: Tokens | undefined;
  #renewing: Promise<boolean> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly events: SessionEvents) {}

  get isOpen(): boolean {
    return this.#tokens !== undefined;
  }

  /** Resolves to why it was refused, or to nothing. */
  async signIn(email: string, password: string): Promise<string | undefined> {
    const { data, at } = await ask(LoginDocument, { input: { email, password } });
    const { session, userErrors } = data.login;
    if (!session) return userErrors[0]?.message ?? 'That did not work.';
    this.#keep(session, at);
    return undefined;
  }

  /** One that is good for a while yet. Rejects when there is none. */
  async accessToken(): Promise<string> {
    if (this.#tokens && Date.now() >= this.#tokens.staleAt) await this.renew();
    if (!this.#tokens) throw new Error('Nobody is signed in');
    return this.#tokens.accessToken;
  }

  /**
   * Takes the next tokens. A refresh token is good once, so there is one attempt at a time. False: the session is over,
   * or the marketplace cannot be reached now, and then the session goes on.
   */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async signOut(): Promise<void> {
    const token = this.#tokens?.accessToken;
    this.#forget();
    // The server ends the session where it can be reached; here it is over in any case.
    if (token) await ask(LogoutDocument, {}, token).catch(() => undefined);
  }

  async #renew(): Promise<boolean> {
    const before = this.#tokens;
    if (!before) return false;
    try {
      const { data, at } = await ask(RefreshSessionDocument, { refreshToken: before.refreshToken });
      if (this.#tokens !== before) return false;
      if (!data.refreshSession.session) return this.#end();
      this.#keep(data.refreshSession.session, at);
      this.events.onRenewed();
      return true;
    } catch (error) {
      if (this.#tokens !== before) return false;
      if ((error as GraphProblem).code === 'UNAUTHENTICATED') return this.#end();
      this.#renewIn(retryDelayMs(5));
      return false;
    }
  }

  #end(): false {
    this.#forget();
    this.events.onEnded();
    return false;
  }

  #keep(session: { accessToken: string; refreshToken: string; expiresAt: string }, serverTime: number): void {
    const lifetimeMs = Math.max(Date.parse(session.expiresAt) - serverTime, SHORTEST_MS);
    const renewBeforeMs = Math.min(RENEW_BEFORE_MS, lifetimeMs / 2);
    this.#tokens = { ...session, staleAt: Date.now() + lifetimeMs - renewBeforeMs / 2 };
    this.#renewIn(lifetimeMs - renewBeforeMs);
  }

  #renewIn(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.renew(), delayMs);
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#tokens = undefined;
  }
}
