// One user per database: a service cannot read the other's.
for (const service of ['catalog', 'reviews']) {
  db.getSiblingDB('admin').createUser({
    user: service,
    pwd: process.env[`${service.toUpperCase()}_MONGO_PASSWORD`],
    roles: [{ role: 'readWrite', db: service }],
  });
}
