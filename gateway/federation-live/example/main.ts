import { startLiveHouse } from './live-house.ts';

/** `node --import tsx main.ts`: listen with any client of graphql-transport-ws, for example `npx wscat -s`. */
const PORT = 4001;
const EVERY_MS = 1_000;

const house = await startLiveHouse({ port: PORT });
process.stdout.write(`${house.url}, try

  subscription { temperatureChanged(roomId: "kitchen") { cursor celsius room { name occupants { name } } } }

`);
let celsius = 20;
const timer = setInterval(() => {
  celsius += Math.random() < 0.5 ? -0.5 : 0.5;
  house.change('kitchen', celsius);
}, EVERY_MS);

process.once('SIGINT', () => {
  clearInterval(timer);
  void house.stop();
});
