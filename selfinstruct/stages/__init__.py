"""The stages of the method: instructions, classification, instances, export."""
