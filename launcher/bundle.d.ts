/** Makes `dist/bundle/main.js` of the package in `folder` out of its `dist/main.js`, which is compiled. Rejects when a module is not found. */
export function bundleProcess(folder: string): Promise<void>;
