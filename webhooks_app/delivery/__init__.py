"""Taking a lane's events to the other side, in order, and writing down what came of each before the next goes out."""
