import { folded } from './text.ts';

const MAX_LENGTH = 80;
const PATTERN = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** What a URL shows of a title: `Brass reading lamp (new)` → `brass-reading-lamp-new`. */
export function slugOf(title: string, fallback: string): string {
  const slug = folded(title)
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, MAX_LENGTH)
    .replace(/^-+|-+$/g, '');
  return slug || fallback;
}

/** The slug for a title whose own slug is taken: the end of the id makes it the only one. */
export function distinctSlug(slug: string, id: string): string {
  return `${slug.slice(0, MAX_LENGTH - 9).replace(/-+$/, '')}-${id.slice(-8).toLowerCase()}`;
}

export function isSlug(value: string): boolean {
  return value.length <= MAX_LENGTH && PATTERN.test(value);
}
