/** The page as one HTML text, its style and script within. */
export function bundleLivePage(): Promise<string>;
