// The package has no types for its parts; the client is the same class as the one of the whole.
declare module 'pg/lib/client.js' {
  export { Client as default } from 'pg';
}
