"""The least a web service can do: Flask, and one INSERT with the store's own pragmas. What ours is held against."""

from __future__ import annotations

import os
import sqlite3
import threading

from flask import Flask, Response, request


def make() -> Flask:
    web, local = Flask("bare"), threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(local, "conn"):
            local.conn = sqlite3.connect(os.environ["BARE_DB"], isolation_level=None)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000", "foreign_keys=ON"):
                local.conn.execute(f"PRAGMA {pragma}")
        conn: sqlite3.Connection = local.conn
        return conn

    @web.post("/subscribe")
    def subscribe() -> Response:
        conn = connection()
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("INSERT INTO wishes (email) VALUES (?)", (request.form["email"],))
        conn.execute("COMMIT")
        return Response("ok")

    @web.get("/healthz")
    def alive() -> Response:
        return Response("ok")

    return web
