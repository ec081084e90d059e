# One image for the gateway and every subgraph; the command says which it is.
FROM node:24.11.1-bookworm-slim AS build
WORKDIR /app
RUN corepack enable
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml tsconfig.json tsconfig.build.json ./
COPY platform platform
COPY schema schema
COPY subgraphs subgraphs
COPY gateway gateway
COPY monolith monolith
COPY emulators emulators
COPY launcher launcher
COPY tests/package.json tests/package.json
RUN npx -y "pnpm@$(node -p "require('./package.json').packageManager.split('@')[1]")" install --frozen-lockfile \
 && npx -y "pnpm@$(node -p "require('./package.json').packageManager.split('@')[1]")" build

FROM node:24.11.1-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app /app
USER node
# The real binary, not a shell: signals must reach the process.
ENTRYPOINT ["node"]
