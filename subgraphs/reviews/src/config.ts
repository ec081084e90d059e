import { type Environment, refuseInProduction, settingsOf } from '@marketgraph/platform/config';

export interface ReviewsConfig {
  mongodbUrl: string;
  redisUrl: string;
}

export function readReviewsConfig(env: Environment): ReviewsConfig {
  refuseInProduction('reviews', env, { stores: ['MONGODB_URL', 'REDIS_URL'] });
  const settings = settingsOf('reviews', env);
  return { mongodbUrl: settings.required('MONGODB_URL'), redisUrl: settings.required('REDIS_URL') };
}
