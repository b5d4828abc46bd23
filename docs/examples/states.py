# A qubit that turns about z while it loses its coherence, and is set anew every five seconds: ρ twenty times a second.
import cmath, json, time

for step in range(1200):
    t = step / 20
    c = 0.5 * cmath.exp(3j * t - 0.3 * (t % 5))
    rho = [[0.5, c], [c.conjugate(), 0.5]]
    re = [[complex(x).real for x in row] for row in rho]  # of a NumPy array: rho.real.tolist()
    im = [[complex(x).imag for x in row] for row in rho]  # of a NumPy array: rho.imag.tolist()
    print(json.dumps({"time": time.time(), "re": re, "im": im}), flush=True)
    time.sleep(0.05)
