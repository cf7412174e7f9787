"""Networks from and for other programs: edge tables, SIF, GraphML, CX2, EDF and ING of SiGN and INGOR, BIF, pgmpy."""
