# The image of the API and of the worker; docker-compose.yml says which of them a container is.
ARG BASE_IMAGE=node:20.20.2-bookworm-slim

FROM ${BASE_IMAGE} AS packages
WORKDIR /opt/trainyard
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM ${BASE_IMAGE} AS build
WORKDIR /opt/trainyard
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build

FROM ${BASE_IMAGE}
WORKDIR /opt/trainyard
# Few arenas of the allocator: see server/parts.ts.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
COPY --from=packages /opt/trainyard/node_modules node_modules
COPY --from=build /opt/trainyard/dist dist
COPY package.json LICENSE ./
COPY recipes recipes
COPY policies policies
# Numeric, so that it needs no account in the base image. Nothing in the image belongs to it: all it writes is in the data folder.
USER 1000:1000
CMD ["node", "dist/cli/main.js", "--help"]
