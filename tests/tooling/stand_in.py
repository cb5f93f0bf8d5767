"""A server that stands in for the real ones in tests of the supervisor and of the web server, served as they are."""

import os
import time


def create_app():
    time.sleep(float(os.environ.get("SLOW_START", "0")))

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/die":
            os._exit(3)
        time.sleep({"/slow": 1, "/nap": 0.003}.get(environ["PATH_INFO"], 0))
        start_response("200 OK", [("Content-Type", "text/plain")])
        if environ["PATH_INFO"] == "/host":
            return [os.environ["GRANIAN_HOST"].encode()]
        return [str(os.getpid()).encode()]

    return app
