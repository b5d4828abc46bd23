// Sends a row of two temperatures a second to a session of a cluster, over NATS, with the standard library alone.
//
//	go run ingest.go [HOST:PORT] [SESSION] [ROWS] [SECONDS]
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Row has its time, ISO 8601 or a count since 1970, and a value for each channel. Channels are declared in the order of its fields.
type Row struct {
	Time   time.Time `json:"time"`
	Hall   float64   `json:"hall"`
	Cellar float64   `json:"cellar"`
}

// Connection speaks as much of the protocol of NATS as publishing needs.
type Connection struct {
	socket net.Conn
	lines  *bufio.Reader
}

func connect(server string) (*Connection, error) {
	socket, err := net.Dial("tcp", server)
	if err != nil {
		return nil, err
	}
	nats := &Connection{socket, bufio.NewReader(socket)}
	if _, err := nats.lines.ReadString('\n'); err != nil { // INFO: the server says hello
		return nil, err
	}
	_, err = fmt.Fprint(socket, "CONNECT {\"verbose\":false}\r\n")
	return nats, err
}

// publish sends samples to ew.<session>.any.ingest.<source>.<group>.
func (nats *Connection) publish(session, source, group string, samples any) error {
	data, err := json.Marshal(samples)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(nats.socket, "PUB ew.%s.any.ingest.%s.%s %d\r\n%s\r\n", session, source, group, len(data), data)
	return err
}

// flush returns when the server has everything, with the error that it sent, if it did.
func (nats *Connection) flush() error {
	if _, err := fmt.Fprint(nats.socket, "PING\r\n"); err != nil {
		return err
	}
	for {
		line, err := nats.lines.ReadString('\n')
		switch {
		case err != nil:
			return err
		case strings.HasPrefix(line, "PONG"):
			return nil
		case strings.HasPrefix(line, "-ERR"):
			return fmt.Errorf("the server says %s", strings.TrimSpace(line))
		}
	}
}

func main() {
	arguments := []string{"127.0.0.1:4222", "local", "60", "1"}
	copy(arguments, os.Args[1:])
	rows, err := strconv.Atoi(arguments[2])
	check(err)
	seconds, err := strconv.ParseFloat(arguments[3], 64)
	check(err)
	nats, err := connect(arguments[0])
	check(err)
	for k := 0; k < rows; k++ {
		row := Row{time.Now(), 20 + math.Sin(float64(k)/9), 12.5}
		check(nats.publish(arguments[1], "greenhouse", "climate", row))
		time.Sleep(time.Duration(seconds * float64(time.Second)))
	}
	check(nats.flush())
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
