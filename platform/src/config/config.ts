export { productionProblems, type ProductionRules, refuseInProduction } from './production.ts';
export { ConfigurationError, type Environment, readTogether, type Settings, settingsOf } from './settings.ts';
