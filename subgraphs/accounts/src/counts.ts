import { type Count, type CounterFamily, createMetrics, type Metrics } from '@marketgraph/platform/telemetry';

/** What this service counts of its own work. */
export interface AccountsCounts {
  /** Tries to sign in, by whether they were right: `ok` or `refused`. */
  logins: CounterFamily;
  /** Refresh tokens that came a second time, which means that somebody has a copy. */
  refreshReuses: Count;
}

export function accountsCounts(metrics: Metrics = createMetrics()): AccountsCounts {
  return {
    logins: metrics.counter({ name: 'auth_login_total', help: 'Tries to sign in.', labels: ['outcome'] }),
    refreshReuses: metrics
      .counter({ name: 'auth_refresh_reuse_total', help: 'Refresh tokens that came a second time.' })
      .of(),
  };
}
