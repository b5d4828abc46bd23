"""Sends a row of two temperatures a second to a session of a cluster, over NATS, with the standard library alone.

python3 ingest.py [HOST:PORT] [SESSION] [ROWS] [SECONDS]
"""
import json, math, socket, sys, time

server, session, rows, pause = (sys.argv[1:] + ["127.0.0.1:4222", "local", "60", "1"][len(sys.argv) - 1 :])[:4]
host, port = server.split(":")
nats = socket.create_connection((host, int(port)))
nats.recv(65536)  # INFO: the server says hello
nats.sendall(b'CONNECT {"verbose":false}\r\n')


def publish(source, group, samples):
    data = json.dumps(samples).encode()
    nats.sendall(f"PUB ew.{session}.any.ingest.{source}.{group} {len(data)}\r\n".encode() + data + b"\r\n")


for k in range(int(rows)):
    publish("greenhouse", "climate", {"time": time.time(), "hall": 20 + math.sin(k / 9), "cellar": 12.5})
    time.sleep(float(pause))

nats.sendall(b"PING\r\n")  # PONG: the server has everything
while b"PONG" not in nats.recv(65536):
    pass
