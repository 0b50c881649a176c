"""Start a server, ask it for labels, and stop it: python ask_server.py [PORT]."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

port = sys.argv[1] if len(sys.argv) > 1 else "8080"
address = f"http://127.0.0.1:{port}"
server = subprocess.Popen([sys.executable, "-m", "torso", "serve", "reviews=torso:sentiment", "--port", port])
try:
    while True:  # until every model has run once
        try:
            urllib.request.urlopen(f"{address}/readyz").close()
            break
        except (urllib.error.URLError, ConnectionError):
            if server.poll() is not None:
                sys.exit("the server did not start")
            time.sleep(0.1)
    body = json.dumps({"model": "reviews", "input": ["很好吃，下次还来", "等了两个小时还没上菜"]}).encode()
    request = urllib.request.Request(f"{address}/v1/classify", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        for each in json.load(answer)["data"]:
            print(each["label"], round(each["score"], 2))
finally:
    server.terminate()
    server.wait()
