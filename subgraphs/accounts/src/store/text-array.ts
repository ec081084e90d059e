/** A `text[]` as one parameter: `array(select jsonb_array_elements_text(?::jsonb))` reads it. */
export const TEXT_ARRAY = 'array(select jsonb_array_elements_text(?::jsonb))';

export function textArray(values: readonly string[]): string {
  return JSON.stringify(values);
}
