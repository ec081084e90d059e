import { type Environment, settingsOf } from '@marketgraph/platform/config';

export interface ReviewsConfig {
  mongodbUrl: string;
  redisUrl: string;
}

export function readReviewsConfig(env: Environment): ReviewsConfig {
  const settings = settingsOf('reviews', env);
  return { mongodbUrl: settings.required('MONGODB_URL'), redisUrl: settings.required('REDIS_URL') };
}
