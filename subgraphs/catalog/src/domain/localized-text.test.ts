import { describe, expect, it } from 'vitest';
import { inLanguage, withTranslations } from './localized-text.ts';

const texts = ['en', 'de', 'pt-BR', 'zh-Hant'].map((language) => ({ language }));

describe('the fallback of a language', () => {
  it.each([
    [undefined, 'en'],
    ['de', 'de'],
    ['DE', 'de'],
    ['de-CH', 'de'],
    ['pt', 'pt-BR'],
    ['pt-PT', 'pt-BR'],
    ['zh-Hant', 'zh-Hant'],
    ['fr', 'en'],
    ['toString', 'en'],
    ['e', 'en'],
  ])('%s reads %s', (wanted, language) => {
    expect(inLanguage(texts, wanted).language).toBe(language);
  });

  it('replaces a translation and keeps the source first', () => {
    const merged = withTranslations(
      [
        { language: 'en', n: 1 },
        { language: 'de', n: 1 },
      ],
      [
        { language: 'DE', n: 2 },
        { language: 'fr', n: 3 },
      ],
    );
    expect(merged).toEqual([
      { language: 'en', n: 1 },
      { language: 'DE', n: 2 },
      { language: 'fr', n: 3 },
    ]);
  });
});
