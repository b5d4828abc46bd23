// Sends a row of two temperatures a second to a session of a cluster, over NATS.
//
//	go mod init ingest && go get github.com/nats-io/nats.go && go run ingest.go
package main

import (
	"encoding/json"
	"log"
	"math"
	"time"

	"github.com/nats-io/nats.go"
)

func main() {
	connection, err := nats.Connect("nats://127.0.0.1:4222")
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Drain()
	for k := 0; k < 60; k++ {
		row := map[string]any{
			"time":   time.Now().Format(time.RFC3339Nano),
			"hall":   20 + math.Sin(float64(k)/9),
			"cellar": 12.5,
		}
		data, err := json.Marshal(row)
		if err != nil {
			log.Fatal(err)
		}
		// ew.<session>.any.ingest.<source>.<group>
		if err := connection.Publish("ew.local.any.ingest.greenhouse.climate", data); err != nil {
			log.Fatal(err)
		}
		time.Sleep(time.Second)
	}
}
