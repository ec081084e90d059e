export const DEMO_PASSWORD = 'marketplace-demo';
export const DEMO_OPERATOR = { email: 'operator@demo.example', password: DEMO_PASSWORD };
export const DEMO_BUYER = 'buyer@demo.example';
export const DEMO_VENDORS = ['vendor-a@demo.example', 'vendor-b@demo.example'] as const;
export const DEMO_ACCOUNTS = [DEMO_BUYER, ...DEMO_VENDORS, DEMO_OPERATOR.email];
